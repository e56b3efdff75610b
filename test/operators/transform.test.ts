import { Duplex, PassThrough, Readable, Transform, Writable } from 'node:stream'
import { createGunzip, createGzip } from 'node:zlib'
import t from 'tap'
import { encode, LeadpipeError, map, run, toArray, transform } from '../../lib/index.ts'
import { failureOf } from '../support/failureOf.ts'

const upperCase = () =>
  new Transform({
    objectMode: true,
    transform(text: string, _encoding, callback) {
      callback(null, text.toUpperCase())
    },
  })

t.test("a user's Transform stands between operators, and is counted by what passes", async t => {
  const sink = toArray<string>({ max: 9 })
  const report = await run(
    ['a', 'b'],
    map(text => `${text}${text}`),
    transform<string, string>(upperCase),
    map(text => `${text}!`),
    sink,
  )
  t.strictSame(sink.records, ['AA!', 'BB!'])
  t.match(report.operators, [
    { name: 'map', in: 2, out: 2 },
    { name: 'transform', in: 2, out: 2 },
    { name: 'map', in: 2, out: 2 },
  ])
})

t.test('one that drops, one that adds and one that holds all back until the end', async t => {
  const held: number[] = []
  const sink = toArray<number>({ max: 99 })
  await run(
    [1, 2, 3, 4],
    transform<number, number>(
      () =>
        new Transform({
          objectMode: true,
          transform(n: number, _encoding, callback) {
            if (n % 2 === 0) for (let copy = 0; copy < n; copy += 1) this.push(n)
            callback()
          },
        }),
    ),
    transform<number, number>(
      () =>
        new Transform({
          objectMode: true,
          transform(n: number, _encoding, callback) {
            held.push(n)
            callback()
          },
          flush(callback) {
            for (const n of held) this.push(n)
            callback()
          },
        }),
    ),
    sink,
  )
  t.strictSame(sink.records, [2, 2, 4, 4, 4, 4])
})

t.test('streams of bytes work, and so does any Duplex', async t => {
  const chunks: Buffer[] = []
  await run(
    [{ a: 1 }, { a: 'ü' }],
    encode(),
    transform<Buffer, Buffer>(() => createGzip()),
    transform<Buffer, Buffer>(() => Duplex.from(createGunzip())),
    new Writable({
      write(chunk, _encoding, callback) {
        chunks.push(chunk)
        callback()
      },
    }),
  )
  t.equal(Buffer.concat(chunks).toString(), '{"a":1}\n{"a":"ü"}\n')
})

t.test('create is called once for each use', async t => {
  let created = 0
  const counted = transform<number, number>(() => {
    created += 1
    return new PassThrough({ objectMode: true })
  })
  await run([1], counted, counted, toArray({ max: 9 }))
  await run([1], counted, toArray({ max: 9 }))
  t.equal(created, 3)
})

t.test('an error of the stream is OPERATOR, with the cause', async t => {
  const broken = new Error('broken')
  const failing = () => new Transform({ objectMode: true, transform: (_v, _e, callback) => callback(broken) })
  const failure = await failureOf(
    run(
      [1],
      map(n => n),
      transform(failing),
      toArray({ max: 9 }),
    ),
  )
  t.match(failure, { code: 'OPERATOR', message: 'transform: broken', context: { operator: 'transform' } })
  t.equal((failure as LeadpipeError).cause, broken)
})

t.test('a stream that is destroyed before its end is an error, not an end', async t => {
  const streams: Duplex[] = []
  const failure = await failureOf(
    run(
      [1, 2, 3],
      transform<number, number>(() => {
        const stream = new PassThrough({ objectMode: true })
        streams.push(stream)
        return stream
      }),
      map(n => {
        if (n === 2) streams[0]?.destroy()
        return n
      }),
      toArray({ max: 9 }),
    ),
  )
  t.match(failure, { code: 'OPERATOR', message: 'transform: it was closed before its end' })
})

t.test('what the stream does not take is OPERATOR, not an uncaught exception', async t => {
  const failure = await failureOf(
    run(
      [{ a: 1 }],
      transform(() => new PassThrough()),
      toArray({ max: 9 }),
    ),
  )
  t.match(failure, { code: 'OPERATOR', cause: { code: 'ERR_INVALID_ARG_TYPE' } })
})

t.test('a create that fails or makes no Duplex', async t => {
  const made = (create: () => unknown) =>
    failureOf(run([1], transform(create as () => Duplex), toArray({ max: 9 })))
  const cause = new Error('no stream today')
  const failure = await made(() => {
    throw cause
  })
  t.match(failure, { code: 'OPERATOR', message: 'transform() create: no stream today' })
  t.equal((failure as LeadpipeError).cause, cause)
  const own = new LeadpipeError('CHECKPOINT', 'mine')
  t.equal(
    await made(() => {
      throw own
    }),
    own,
  )
  for (const [stream, said] of [
    [undefined, 'undefined'],
    [{}, '{}'],
    [Readable.from([]), 'a stream (Readable)'],
    [new Writable(), 'a stream (Writable)'],
  ] as const) {
    t.match(await made(() => stream), {
      code: 'OPTION',
      message: `transform() create: expected it to return a Transform or Duplex, received ${said}`,
    })
  }
})

t.test('refuses what is no function, a stream above all', async t => {
  t.throws(() => transform(new PassThrough() as never), {
    code: 'OPTION',
    message: 'transform() create: expected a function that makes a stream, received a stream (PassThrough)',
  })
})
