import assert from 'node:assert/strict'
import { Duplex, PassThrough, Readable } from 'node:stream'
import fc from 'fast-check'
import t from 'tap'
import { failureOf } from '../support/failureOf.ts'
import { processEvents } from '../support/processEvents.ts'
import { turns } from '../support/turns.ts'
import { batchesOf, openSource } from './openSource.ts'

const boom = new Error('boom')
const closed = { code: 'ERR_STREAM_PREMATURE_CLOSE' }
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)

/** Emits numbers when it is read, then calls `end`. */
function counting(count: number, end: (own: Readable) => void = own => own.push(null), options: object = {}) {
  let next = 0
  return new Readable({
    objectMode: true,
    read() {
      if (next < count) this.push(next++)
      else end(this)
    },
    ...options,
  })
}

const kinds: Record<string, (count: number) => Readable> = {
  'a Readable': count => counting(count),
  'a Readable without room': count => counting(count, undefined, { highWaterMark: 1 }),
  'a Readable that is slow': count => {
    let next = 0
    return new Readable({
      objectMode: true,
      read() {
        void turns(next % 3).then(() => this.push(next < count ? next++ : null))
      },
    })
  },
  'a Readable that pushes everything at once': count => {
    const own = new Readable({ objectMode: true, read() {} })
    for (const n of numbers(count)) own.push(n)
    own.push(null)
    return own
  },
  'a Readable from a generator': count => Readable.from(numbers(count)),
  'a Readable without a close event': count => counting(count, undefined, { emitClose: false }),
  'a Readable that stays open': count => counting(count, undefined, { autoDestroy: false }),
  'a Readable that is destroyed after its last value': count =>
    counting(count, own => {
      own.push(null)
      own.once('end', () => own.destroy())
    }),
  'a Readable that was paused': count => counting(count).pause(),
  'a Duplex whose other half stays open': count =>
    new Duplex({
      objectMode: true,
      read() {
        for (const n of numbers(count)) this.push(n)
        this.push(null)
      },
      write: (_value, _encoding, callback) => callback(),
    }),
}

for (const [what, make] of Object.entries(kinds)) {
  t.test(`readableSource: ${what} delivers every value once, in order, and then its end`, async t => {
    for (const count of [0, 1, 15, 16, 17, 200]) {
      const { failures, source } = openSource(make(count))
      const { batches, failure } = await batchesOf({ source, failures })
      t.equal(failure, undefined)
      t.strictSame(batches.flat(), numbers(count))
      t.ok(batches.every(batch => batch.length > 0))
      t.equal(await source.next(), undefined, 'the end is permanent')
      t.strictSame(failures, [])
    }
  })
}

t.test('readableSource: byte chunks are delivered unchanged', async t => {
  const bytes = new PassThrough()
  bytes.write('one')
  bytes.end(Buffer.from('two'))
  const { batches } = await batchesOf(openSource(bytes))
  t.equal(Buffer.concat(batches.flat() as Buffer[]).toString(), 'onetwo')
  const text = new PassThrough({ encoding: 'utf8' })
  text.end('ü')
  t.strictSame((await batchesOf(openSource(text))).batches.flat(), ['ü'])
})

t.test(
  'readableSource: for any order of pushes and requests, every value arrives once and in order',
  async t => {
    const act = fc.oneof(fc.constant('push'), fc.constant('turn'), fc.constant('next'))
    const property = fc.asyncProperty(
      fc.array(act, { maxLength: 60 }),
      fc.integer({ min: 1, max: 20 }),
      async (acts, highWaterMark) => {
        const readable = new Readable({ objectMode: true, highWaterMark, read() {} })
        const { source, failures } = openSource(readable)
        const seen: unknown[] = []
        let pushed = 0
        const takeBatch = async () => {
          const batch = await source.next()
          if (batch !== undefined) seen.push(...batch.items)
          return batch !== undefined
        }
        for (const one of acts) {
          if (one === 'push') readable.push(pushed++)
          else if (one === 'turn') await turns(1)
          else if (seen.length < pushed) await takeBatch()
        }
        readable.push(null)
        while (await takeBatch());
        assert.deepEqual(seen, numbers(pushed))
        assert.deepEqual(failures, [])
      },
    )
    await t.resolves(fc.assert(property, { numRuns: 100 }))
  },
)

t.test(
  'readableSource: nothing is read before the first request, and then only a few values ahead',
  async t => {
    let pushed = 0
    const readable = new Readable({
      objectMode: true,
      highWaterMark: 1,
      read() {
        this.push(pushed++)
      },
    })
    const { source } = openSource(readable)
    await turns(5)
    t.ok(pushed <= 1, `${pushed} values read before the first request`)
    const batch = await source.next()
    await turns(20)
    const [...items] = batch?.items ?? []
    t.ok(pushed <= items.length + 40, `${pushed} values read, ${items.length} taken`)
    const before = pushed
    await turns(20)
    t.equal(pushed, before, 'no more is read')
    await source.close(batch, items.length)
  },
)

/** Readables that fail after three values, by how they fail. */
const failing: Record<string, { make: () => Readable; expected: object }> = {
  'is destroyed with an error': { make: () => counting(3, own => own.destroy(boom)), expected: boom },
  'is destroyed without one': { make: () => counting(3, own => own.destroy()), expected: closed },
  'emits an error and stays': {
    make: () => counting(3, own => own.emit('error', boom), { autoDestroy: false }),
    expected: boom,
  },
  'throws in its read': {
    make: () =>
      counting(3, () => {
        throw boom
      }),
    expected: boom,
  },
}

for (const [what, { make, expected }] of Object.entries(failing)) {
  t.test(
    `readableSource: a Readable that ${what} delivers the values before, then fails at each request`,
    async t => {
      const { source, failures } = openSource(make())
      const { batches, failure } = await batchesOf({ source, failures })
      t.match(failure, expected)
      t.strictSame(batches.flat(), [0, 1, 2].slice(0, batches.flat().length))
      t.match(await failureOf(source.next()), expected)
    },
  )

  t.test(`readableSource: a Readable that ${what} between two requests is reported once`, async t => {
    const readable = make()
    const { source, failures } = openSource(readable)
    const batch = await source.next()
    readable.destroy(boom)
    await turns(5)
    t.equal(failures.length, 1)
    await source.close(batch, 0)
    await turns(2)
    t.equal(failures.length, 1)
  })
}

t.test(
  'readableSource: a value that arrives just before a failure is delivered before the failure is reported',
  async t => {
    const makes: (() => Readable)[] = [
      () =>
        Readable.from(
          (async function* () {
            yield 0
            throw boom
          })(),
        ),
      () => counting(1, own => own.destroy(boom)),
      () => counting(1, own => setImmediate(() => own.destroy(boom))),
    ]
    for (const make of makes) {
      const { source, failures } = openSource(make())
      const batch = await source.next()
      t.strictSame([...(batch?.items ?? [])], [0])
      t.strictSame(failures, [])
      await turns(3)
      t.strictSame(failures, [boom], 'the failure is reported afterwards')
    }
  },
)

t.test('readableSource: a Readable that was destroyed before it is opened fails', async t => {
  for (const [error, expected] of [
    [boom, boom],
    [undefined, closed],
  ] as const) {
    const readable = new Readable({ objectMode: true, read() {} })
    readable.on('error', () => {})
    readable.destroy(error)
    await turns(2)
    t.match(await failureOf(openSource(readable).source.next()), expected)
  }
})

t.test(
  'readableSource: close destroys the Readable without waiting for it, and later errors are ignored',
  async t => {
    const unhandled = processEvents(t, 'unhandledRejection')
    const stuck = new Readable({
      objectMode: true,
      read() {},
      destroy() {},
    })
    stuck.push(1)
    const { source, failures } = openSource(stuck)
    const batch = await source.next()
    void source.next()
    await source.close(batch, 1)
    t.ok(stuck.destroyed)
    t.equal(stuck.listenerCount('data'), 0)
    stuck.emit('error', new Error('late'))
    await turns(3)
    t.strictSame([failures, unhandled], [[], []])
  },
)

t.test('readableSource: a Readable cannot be resumed: it has no position, and nothing to save', async t => {
  const { source } = openSource(counting(3))
  const batch = await source.next()
  t.equal(batch?.positionAfter(1), undefined)
  t.equal(source.save(batch, 1), undefined)
})
