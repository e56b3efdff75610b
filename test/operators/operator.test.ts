import { Duplex, PassThrough, Transform, Writable } from 'node:stream'
import { createGunzip, createGzip } from 'node:zlib'
import t from 'tap'
import { LeadpipeError } from '../../lib/errors.ts'
import { compose } from '../../lib/operators/compose.ts'
import { encode } from '../../lib/operators/encode.ts'
import { filter } from '../../lib/operators/filter.ts'
import { map } from '../../lib/operators/map.ts'
import { operator } from '../../lib/operators/operator.ts'
import { transform } from '../../lib/operators/transform.ts'
import { run } from '../../lib/run/run.ts'
import { toArray } from '../../lib/sinks/toArray.ts'
import { failureOf } from '../support/failureOf.ts'

t.test('operator(): a name and a function are an operator', async t => {
  const sink = toArray<number>({ max: 9 })
  const twice = operator<number>('twice', (n, emit) => {
    emit(n)
    emit(n)
  })
  const report = await run([1, 2], twice, sink)
  t.strictSame(sink.records, [1, 1, 2, 2])
  t.strictSame(report.operators, [{ name: 'twice', in: 2, out: 4, own: {} }])
})

t.test('operator(): its own counts are in the report', async t => {
  const distinct = operator<number>({
    name: 'distinct',
    create() {
      const seen = new Set<number>()
      let repeats = 0
      return {
        step(n, emit) {
          if (seen.has(n)) repeats += 1
          else emit(n)
          seen.add(n)
        },
        counts: () => ({ repeats }),
      }
    },
  })
  const report = await run([1, 1, 2, 1], distinct, toArray({ max: 9 }))
  t.strictSame(report.operators, [{ name: 'distinct', in: 4, out: 2, own: { repeats: 2 } }])
})

t.test('operator(): create is called once for each use, even if there are no values', async t => {
  let created = 0
  const counted = operator<number>({
    name: 'counted',
    create() {
      created += 1
      return { step: (n, emit) => emit(n), flush: emit => emit(created) }
    },
  })
  const sink = toArray<number>({ max: 9 })
  await run([], counted, sink)
  t.strictSame(sink.records, [1])
  t.equal(created, 1)
})

t.test('operator(): step, flush and counts may use `this`', async t => {
  class Held {
    sum = 0
    step(n: number) {
      this.sum += n
    }
    flush(emit: (n: number) => void) {
      emit(this.sum)
    }
    counts() {
      return { sum: this.sum }
    }
  }
  const held = operator<number>({ name: 'held', create: () => new Held() })
  const sink = toArray<number>({ max: 9 })
  const report = await run([1, 2, 3], held, sink)
  t.strictSame(sink.records, [6])
  t.match(report.operators, [{ own: { sum: 6 } }])
})

t.test('operator(): a definition may be an instance of a class', async t => {
  class Doubling {
    readonly name = 'doubling'
    readonly stateless = true
    readonly #factor = 2
    create() {
      return { step: (n: number, emit: (n: number) => void) => emit(n * this.#factor) }
    }
  }
  const sink = toArray<number>({ max: 9 })
  await run([1, 2], operator(new Doubling()), sink)
  t.strictSame(sink.records, [2, 4])
})

t.test('operator(): wrong arguments are an OPTION error', async t => {
  const create = () => ({ step() {} })
  for (const [given, message] of [
    [['name'], 'operator(): step: expected a function, received undefined'],
    [['name', 'step'], "operator(): step: expected a function, received 'step'"],
    [['name', () => {}, 'flush'], "operator(): flush: expected a function, received 'flush'"],
    [[], 'operator(): expected a name and a step, or { name, create }, received undefined'],
    [[null], 'operator(): expected a name and a step, or { name, create }, received null'],
    [
      [() => {}],
      'operator(): expected a name and a step, or { name, create }, received [Function (anonymous)]',
    ],
    [[{ name: 'n' }], "operator(): expected a name and a step, or { name, create }, received { name: 'n' }"],
    [['', () => {}], "operator(): name: expected a name, such as 'dedupe', received ''"],
    [[{ name: '', create }], "operator(): name: expected a name, such as 'dedupe', received ''"],
    [[{ name: 7, create }], "operator(): name: expected a name, such as 'dedupe', received 7"],
    [[{ name: 'n', create: {} }], 'operator(): create: expected a function, received {}'],
    [
      [{ name: 'n', create, statelss: true }],
      'operator(): unknown option "statelss"; expected one of name, create, stateless, options',
    ],
    [
      [{ name: 'n', create, stateless: 'yes' }],
      "operator(): stateless: expected true, or undefined, received 'yes'",
    ],
    // Options that only leadpipe's own operators may have.
    [[{ name: 'n', create, role: 'validate' }], /^operator\(\): unknown option "role"/],
    [[{ name: 'n', create, takesRejected: true }], /^operator\(\): unknown option "takesRejected"/],
  ] as const) {
    t.throws(() => (operator as (...given: unknown[]) => unknown)(...given), { code: 'OPTION', message })
  }
})

t.test('compose(): several operators are one, and each has its own counts in the report', async t => {
  const sink = toArray<string>({ max: 9 })
  const report = await run(
    [1, 2, 3, 4],
    compose(
      filter((n: number) => n > 1),
      compose(
        map(n => n * 2),
        map(n => `${n}`),
      ),
    ),
    sink,
  )
  t.strictSame(sink.records, ['4', '6', '8'])
  t.strictSame(report.operators, [
    { name: 'filter', in: 4, out: 3, own: {} },
    { name: 'map', in: 3, out: 3, own: {} },
    { name: 'map', in: 3, out: 3, own: {} },
  ])
})

t.test("compose(): a user's stream may be among the operators", async t => {
  const sink = toArray<number>({ max: 9 })
  const report = await run(
    [1, 2, 3],
    compose(
      map((n: number) => n + 1),
      transform<number, number>(() => new PassThrough({ objectMode: true })),
      map(n => n * 10),
    ),
    sink,
  )
  t.strictSame(sink.records, [20, 30, 40])
  t.strictSame(
    report.operators.map(({ name }) => name),
    ['map', 'transform', 'map'],
  )
})

t.test(
  'compose(): no argument, or one that is not an operator, is an OPTION error with its number',
  async t => {
    for (const [given, message] of [
      [[], 'compose(): expected at least one operator, received none'],
      [
        [map(() => 1), () => 2],
        'compose(): argument 2: expected an operator, received [Function (anonymous)]',
      ],
      [[new PassThrough()], 'compose(): argument 1: expected an operator, received a stream (PassThrough)'],
      [[[map(() => 1)]], /^compose\(\): argument 1: expected an operator, received \[/],
      [[toArray({ max: 1 })], 'compose(): argument 1: expected an operator, received a stream (ArraySink)'],
    ] as const) {
      t.throws(() => (compose as (...given: unknown[]) => unknown)(...given), { code: 'OPTION', message })
    }
  },
)

const upperCase = () =>
  new Transform({
    objectMode: true,
    transform(text: string, _encoding, callback) {
      callback(null, text.toUpperCase())
    },
  })

t.test(
  "transform(): a user's Transform works between operators, and its input and output are counted",
  async t => {
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
  },
)

t.test('transform(): a stream may drop values, add values, or hold them back until the end', async t => {
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

t.test('transform(): byte streams and any Duplex work', async t => {
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

t.test('transform(): create is called once for each use', async t => {
  let created = 0
  const counted = transform<number, number>(() => {
    created += 1
    return new PassThrough({ objectMode: true })
  })
  await run([1], counted, counted, toArray({ max: 9 }))
  await run([1], counted, toArray({ max: 9 }))
  t.equal(created, 3)
})

t.test('transform(): an error of the stream is OPERATOR with the cause', async t => {
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

t.test('transform(): a stream that is destroyed before its end is an error, not an end', async t => {
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

t.test('transform(): a value that the stream refuses is OPERATOR, not an uncaught exception', async t => {
  const failure = await failureOf(
    run(
      [{ a: 1 }],
      transform(() => new PassThrough()),
      toArray({ max: 9 }),
    ),
  )
  t.match(failure, { code: 'OPERATOR', cause: { code: 'ERR_INVALID_ARG_TYPE' } })
})

t.test('transform(): a create that throws is OPERATOR, one that returns no Duplex is OPTION', async t => {
  const made = (create: () => unknown) =>
    failureOf(run([1], transform(create as () => Duplex), toArray({ max: 9 })))
  const cause = new Error('no stream today')
  const failure = await made(() => {
    throw cause
  })
  t.match(failure, { code: 'OPERATOR', message: 'transform(): create() failed: no stream today' })
  t.equal((failure as LeadpipeError).cause, cause)
  const own = new LeadpipeError('CHECKPOINT', 'mine')
  t.equal(
    await made(() => {
      throw own
    }),
    own,
  )
  for (const [stream, shown] of [
    [undefined, 'undefined'],
    [{}, '{}'],
    [[1], '[ 1 ]'],
    [new Writable(), 'a stream (Writable)'],
    [new Writable(), 'a stream (Writable)'],
  ] as const) {
    t.match(await made(() => stream), {
      code: 'OPTION',
      message: `transform(): create: expected a function that returns a Transform, a Duplex or an async iterable, received ${shown}`,
    })
  }
})

t.test('transform(): an argument that is not a function is an OPTION error, a stream too', async t => {
  t.throws(() => transform(new PassThrough() as never), {
    code: 'OPTION',
    message:
      'transform(): create: expected a function that creates a stream, or an async generator function, received a stream (PassThrough)',
  })
})
