import assert from 'node:assert/strict'
import { Duplex, PassThrough, Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip, gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import type { Chain } from '../../lib/engine/Chain.ts'
import type { StreamDefinition } from '../../lib/engine/definition.ts'
import type { BranchState } from '../../lib/engine/Runner.ts'
import type { Operator } from '../../lib/index.ts'
import { compose } from '../../lib/operators/compose.ts'
import { filter } from '../../lib/operators/filter.ts'
import { map } from '../../lib/operators/map.ts'
import { operator } from '../../lib/operators/operator.ts'
import { take } from '../../lib/operators/take.ts'
import { transform } from '../../lib/operators/transform.ts'
import { toArray } from '../../lib/sinks/toArray.ts'
import { recipe } from '../../lib/streams/attach.ts'
import { runWithRestarts } from '../operators/runWithRestarts.ts'
import { failureOf } from '../support/failureOf.ts'
import { turns } from '../support/turns.ts'
import { chainOf, chainOfDefinitions, savedBy } from './chainOf.ts'

/** Marks in a list of values where the chain is drained and saved. */
const save = Symbol('save')
const pass = () => new PassThrough({ objectMode: true })

/** Joins values in batches of `size`; emits the rest at the end, even if it is empty. */
const batches = (size: number) => () => {
  let held: unknown[] = []
  return new Transform({
    objectMode: true,
    transform(value, _encoding, callback) {
      held.push(value)
      if (held.length < size) return callback()
      const full = held
      held = []
      callback(null, full)
    },
    flush(callback) {
      callback(null, held)
    },
  })
}

/** Passes values on after some turns of the event loop. */
const slow = () =>
  new Transform({
    objectMode: true,
    transform(value, _encoding, callback) {
      turns(value % 3).then(() => callback(null, value))
    },
  })

/** Ends by itself after three values, and ignores the others. */
const firstThree = () => {
  let seen = 0
  return new Transform({
    objectMode: true,
    transform(value, _encoding, callback) {
      seen += 1
      if (seen <= 3) this.push(value)
      if (seen === 3) this.push(null)
      callback()
    },
  })
}

/** Emits something before the first value. */
const greeting = () => {
  const stream = pass()
  stream.push('hello')
  return stream
}

/** What transform() makes of an async generator. */
function streamOf(create: (values: AsyncIterable<unknown>) => AsyncIterable<unknown>): () => Duplex {
  const [definition] = transform(create)[recipe]
  return (definition as StreamDefinition).createStream
}

const kinds: Record<string, () => Duplex> = {
  'a stream that passes values through': pass,
  'a stream that holds values back': batches(3),
  'an asynchronous stream': slow,
  'a stream that ends by itself': firstThree,
  'a stream that emits before its first value': greeting,
  'a stream without room': () => new PassThrough({ objectMode: true, highWaterMark: 1 }),
  'a stream that stays open': () => new PassThrough({ objectMode: true, autoDestroy: false }),
  'a stream without a close event': () => new PassThrough({ objectMode: true, emitClose: false }),
  'an async generator in transform()': streamOf(async function* (values) {
    for await (const value of values) {
      await turns(Number(value) % 3)
      yield value
    }
    yield 'bye'
  }),
  'an async generator in transform() that emits before its first value': streamOf(async function* (values) {
    yield 'hello'
    yield* values
  }),
  'an async generator in Duplex.from()': () =>
    Duplex.from(async function* (values: AsyncIterable<unknown>) {
      for await (const value of values) yield value
      yield 'bye'
    }),
}

/** A chain of only this stream. */
const streamChain = (createStream: () => Duplex) => chainOfDefinitions([{ name: 'own', createStream }])

/** A chain of only this stream after a restart: the stream is created for the first value. */
function restoredChain(createStream: () => Duplex, state: BranchState = savedBy(streamChain(pass).chain)) {
  const watched = chainOfDefinitions([{ name: 'own', createStream }], undefined, true)
  watched.chain.restore(state)
  return watched
}

/**
 * Feeds values to a chain and saves it between them, as a run does: waits only for promises. Returns the last
 * saved state.
 */
async function feed(chain: Chain, values: Iterable<unknown> | AsyncIterable<unknown>, out: unknown[] = []) {
  let state: BranchState | undefined
  const keep = () => {
    state = savedBy(chain)
    out.push(save)
  }
  const feedOne = (value: unknown) =>
    value === save ? (chain.drain() ?? Promise.resolve()).then(keep) : chain.receive(value)
  if (Symbol.asyncIterator in values) for await (const value of values) await feedOne(value)
  else {
    for (const value of values) {
      const wait = feedOne(value)
      if (wait !== undefined) await wait
    }
  }
  return state
}

/** The output of a chain, with a mark at each save. */
async function outputOf({ chain, out }: ReturnType<typeof chainOf>, values: Iterable<unknown>) {
  await feed(chain, values, out)
  await chain.flush()
  return out
}

/** The output of the stream without a chain. */
async function plainOutputOf(stream: Duplex, values: Iterable<unknown>): Promise<unknown[]> {
  const sink = toArray({ max: 9_999 })
  await pipeline(Readable.from(values), stream, sink)
  return sink.records
}

/** The values between the saves; each part ends with its save. */
function sections(values: readonly unknown[]): unknown[][] {
  const all: unknown[][] = [[]]
  for (const value of values) {
    all.at(-1)?.push(value)
    if (value === save) all.push([])
  }
  return all
}

const values = fc.array(fc.nat(30), { maxLength: 50 })
const saved = fc.array(
  fc.oneof({ weight: 5, arbitrary: fc.nat(30) }, { weight: 1, arbitrary: fc.constant(save) }),
  { maxLength: 50 },
)

for (const [kind, create] of Object.entries(kinds)) {
  t.test(`StreamRunner: ${kind}: without a save the chain emits what the stream emits`, async t => {
    const property = fc.asyncProperty(values, async values => {
      assert.deepEqual(await outputOf(streamChain(create), values), await plainOutputOf(create(), values))
    })
    await t.resolves(fc.assert(property, { numRuns: 30 }))
  })

  t.test(`StreamRunner: ${kind}: between two saves the chain emits what a new stream emits`, async t => {
    const property = fc.asyncProperty(saved, async values => {
      const expected: unknown[] = []
      for (const [index, section] of sections(values).entries()) {
        const given = section.filter(value => value !== save)
        if (index === 0 || given.length > 0) expected.push(...(await plainOutputOf(create(), given)))
        expected.push(...section.filter(value => value === save))
      }
      assert.deepEqual(await outputOf(streamChain(create), values), expected)
    })
    await t.resolves(fc.assert(property, { numRuns: 30 }))
  })

  t.test(
    `StreamRunner: ${kind}: a restored chain emits and counts what the saved chain does after the save`,
    async t => {
      const property = fc.asyncProperty(saved, saved, async (before, after) => {
        const whole = streamChain(create)
        const state = await feed(whole.chain, [...before, save], whole.out)
        const atSave = whole.out.length
        await outputOf(whole, after)
        const rest = restoredChain(create, state)
        assert.deepEqual(await outputOf(rest, after), whole.out.slice(atSave))
        assert.deepEqual(rest.chain.counts, whole.chain.counts)
      })
      await t.resolves(fc.assert(property, { numRuns: 30 }))
    },
  )

  t.test(
    `StreamRunner: ${kind}: stopped at any time, no wait stays pending and the stream is destroyed`,
    async t => {
      const property = fc.asyncProperty(saved, fc.nat(12), async (values, moment) => {
        const made: Duplex[] = []
        const watched = streamChain(() => {
          const stream = create()
          made.push(stream)
          return stream
        })
        const over = outputOf(watched, values)
        await turns(moment)
        watched.chain.stop()
        const before = watched.out.filter(value => value !== save).length
        await over
        for (const stream of made) {
          assert.ok(stream.destroyed || (stream.readableEnded && stream.writableFinished))
        }
        assert.equal(watched.out.filter(value => value !== save).length, before)
        assert.deepEqual(watched.events, [])
      })
      await t.resolves(fc.assert(property, { numRuns: 40 }))
    },
  )
}

t.test('StreamRunner: bytes between two saves are a complete gzip member', async t => {
  const out = await outputOf(
    streamChain(() => createGzip()),
    ['one\n', Buffer.from('two\n'), save, 'three\n', save, 'x'.repeat(1_000_000)],
  )
  const [first, second, third] = sections(out).map(part =>
    Buffer.concat(part.filter(value => Buffer.isBuffer(value))),
  )
  t.equal(gunzipSync(first as Buffer).toString(), 'one\ntwo\n')
  t.equal(gunzipSync(second as Buffer).toString(), 'three\n')
  t.equal(gunzipSync(third as Buffer).length, 1_000_000)
  const all = Buffer.concat([first, second, third] as Buffer[])
  t.equal(gunzipSync(all).length, 14 + 1_000_000)
})

t.test('StreamRunner: a stream is created for a value, never for a save or the end', async t => {
  let made = 0
  const watched = streamChain(() => {
    made += 1
    return pass()
  })
  t.equal(made, 1, 'the first stream is created with the chain')
  const saves = Array.from({ length: 40 }, () => save)
  t.strictSame(await outputOf(watched, [...saves, 1, 2, ...saves]), [...saves, 1, 2, ...saves])
  t.equal(made, 2)
})

t.test('StreamRunner: a restored chain that receives nothing creates no stream', async t => {
  const watched = restoredChain(() => {
    throw new Error('created')
  })
  t.strictSame(await outputOf(watched, []), [])
})

t.test('StreamRunner: at most one stream is open at a time', async t => {
  const made: Duplex[] = []
  const watched = streamChain(() => {
    t.ok(made.every(stream => stream.closed))
    const stream = slow()
    made.push(stream)
    return stream
  })
  const values = Array.from({ length: 60 }, (_, n) => (n % 5 === 4 ? save : n))
  t.strictSame(await outputOf(watched, values), values)
  t.equal(made.length, 12)
  t.ok(made.every(stream => stream.closed))
})

/** Whether a promise is resolved a few turns later. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false
  promise.then(
    () => {
      settled = true
    },
    () => {},
  )
  await turns(5)
  return settled
}

for (const [what, value] of [
  ['values', (n: number) => n],
  ['values and saves', (n: number) => (n % 3 === 2 ? save : n)],
] as const) {
  t.test(
    `StreamRunner: a sink without room holds up ${what}; afterwards all of them arrive in order`,
    async t => {
      const written: unknown[] = []
      let hasRoom: () => void = () => {}
      const { chain } = chainOfDefinitions([{ name: 'own', createStream: pass }], {
        write(record) {
          written.push(record)
          return new Promise<void>(resolve => {
            hasRoom = resolve
          })
        },
      })
      const given: unknown[] = []
      let waiting: Promise<unknown> = Promise.resolve()
      while (await isSettled(waiting)) {
        const next = value(given.length)
        given.push(next)
        waiting = Promise.resolve(next === save ? chain.drain() : chain.receive(next))
        t.ok(given.length < 40, 'receive returns a promise while there is no room')
        if (given.length >= 40) return
      }
      t.strictSame(written, [0], 'the sink is not written to while it has no room')
      const rest = waiting.then(() => chain.flush())
      while (!(await isSettled(rest))) hasRoom()
      t.strictSame(
        written,
        given.filter(one => one !== save),
      )
    },
  )
}

t.test('StreamRunner: output that arrives between two values waits for the sink, too', async t => {
  const written: unknown[] = []
  const rooms: (() => void)[] = []
  const stream = pass()
  const { chain } = chainOfDefinitions([{ name: 'own', createStream: () => stream }], {
    write(record) {
      written.push(record)
      return new Promise<void>(resolve => rooms.push(resolve))
    },
  })
  for (let n = 0; n < 5; n += 1) stream.push(n)
  await turns(5)
  t.strictSame(written, [0])
  t.ok(stream.isPaused(), 'the stream is not read while the sink has no room')
  while (written.length < 5) {
    rooms.shift()?.()
    await turns(1)
  }
  t.strictSame(written, [0, 1, 2, 3, 4])
  chain.stop()
})

t.test('StreamRunner: a slow stream applies backpressure to its input', async t => {
  let finishWrite: () => void = () => {}
  const { chain, out } = streamChain(
    () =>
      new Transform({
        objectMode: true,
        transform(value, _encoding, callback) {
          finishWrite = () => callback(null, value)
        },
      }),
  )
  let given = 0
  const feedUntilFull = async () => {
    for (;;) {
      const waiting = chain.receive(given)
      given += 1
      if (waiting !== undefined || given >= 100) return waiting
    }
  }
  const flushed = feedUntilFull().then(() => chain.flush())
  t.ok(given < 40, `${given} values fed`)
  while (!(await isSettled(flushed))) finishWrite()
  t.equal(out.length, given)
})

t.test('StreamRunner: if a later operator is done during a write to the stream, the wait ends', async t => {
  for (const create of [pass, () => new PassThrough({ objectMode: true, highWaterMark: 1 })]) {
    const { chain, out, events } = chainOf(transform(create), take(2))
    for (const n of [1, 2, 3, 4, 5]) {
      await chain.receive(n)
      await turns(2)
    }
    await chain.flush()
    t.strictSame(out, [1, 2])
    t.strictSame(events, ['done'])
  }
})

t.test(
  'StreamRunner: if an earlier operator is done, the stream still emits the values it has received',
  async t => {
    const { chain, out } = chainOf(take(2), transform(batches(9)))
    for (const n of [1, 2, 3]) await chain.receive(n)
    t.ok(chain.isDone)
    await chain.flush()
    t.strictSame(out, [[1, 2]])
  },
)

/** Ends both of its halves by itself with the first value. */
const onlyOne = (highWaterMark: number) =>
  new Duplex({
    objectMode: true,
    highWaterMark,
    read() {},
    write(value, _encoding, callback) {
      this.push(value)
      this.push(null)
      this.end()
      setImmediate(callback)
    },
  })

/** Values with some turns of the event loop between them. */
async function* slowly(values: Iterable<unknown>) {
  for (const value of values) {
    yield value
    await turns(5)
  }
}

t.test(
  'StreamRunner: a stream that ends by itself does not fail the chain if it receives nothing more',
  async t => {
    const { chain, out, events } = streamChain(() => onlyOne(9))
    await feed(chain, slowly([1, save, 2, save, 3]), out)
    await chain.flush()
    t.strictSame(out, [1, save, 2, save, 3])
    t.strictSame(events, [])
  },
)

/** Streams that fail after they have received a value, by how they fail. */
const failures: Record<string, { create: () => Duplex; code?: string; message?: string }> = {
  'an error': {
    create: () =>
      new Transform({
        objectMode: true,
        transform: (_value, _encoding, callback) => callback(new Error('boom')),
      }),
    message: 'boom',
  },
  'an error at its end': {
    create: () =>
      new Transform({
        objectMode: true,
        transform: (value, _encoding, callback) => callback(null, value),
        flush: callback => callback(new Error('boom')),
      }),
    message: 'boom',
  },
  'an error without being destroyed': {
    create: () => {
      const stream = new PassThrough({ objectMode: true, autoDestroy: false })
      setImmediate(() => stream.emit('error', new Error('boom')))
      return stream
    },
    message: 'boom',
  },
  'a value of a type that the stream refuses': {
    create: () => new PassThrough(),
    code: 'ERR_INVALID_ARG_TYPE',
  },
  'a premature close': {
    create: () =>
      new Transform({
        objectMode: true,
        transform() {
          this.destroy()
        },
      }),
    code: 'ERR_STREAM_PREMATURE_CLOSE',
  },
  'a premature close while it holds nothing': {
    create: () =>
      new Transform({
        objectMode: true,
        transform(value, _encoding, callback) {
          callback(null, value)
          setImmediate(() => this.destroy())
        },
      }),
    code: 'ERR_STREAM_PREMATURE_CLOSE',
  },
  'a premature close at its end': {
    create: () =>
      new Transform({
        objectMode: true,
        transform: (_value, _encoding, callback) => callback(),
        flush() {
          this.destroy()
        },
      }),
    code: 'ERR_STREAM_PREMATURE_CLOSE',
  },
  'a premature close after its last value': {
    create: () =>
      new Duplex({
        objectMode: true,
        read() {},
        write(value, _encoding, callback) {
          this.push(value)
          callback()
        },
        final() {
          this.push(null)
          this.once('end', () => this.destroy())
        },
      }),
    code: 'ERR_STREAM_PREMATURE_CLOSE',
  },
  'an end by itself while a value waits for room': {
    create: () => onlyOne(1),
    code: 'ERR_STREAM_PREMATURE_CLOSE',
  },
  'an end by itself before the last value': {
    create: () =>
      new Duplex({
        objectMode: true,
        allowHalfOpen: false,
        read() {},
        write(_value, _encoding, callback) {
          this.push(null)
          callback()
        },
      }),
    code: 'ERR_STREAM_',
  },
}

const generators: Record<string, (values: AsyncIterable<unknown>) => AsyncIterable<unknown>> = {
  'an async generator that throws': async function* (values) {
    for await (const value of values) {
      yield value
      throw new Error('boom')
    }
  },
  'an async generator that throws at its end': async function* (values) {
    yield* values
    throw new Error('boom')
  },
  'an async generator that throws before its first value': async function* () {
    yield 'hello'
    throw new Error('boom')
  },
}
for (const [what, create] of Object.entries(generators)) {
  failures[what] = { create: streamOf(create), message: 'boom' }
}
const message = 'it returned before the end of its input; to end a run early, use take()'
failures['an async generator that returns early'] = {
  create: streamOf(async function* (values) {
    for await (const value of values) {
      yield value
      return
    }
  }),
  message: message.replaceAll('()', '..'),
}
failures['an async generator that ignores its input'] = {
  create: streamOf(async function* () {
    yield 'hello'
  }),
  message: message.replaceAll('()', '..'),
}
failures['an async generator that yields null'] = {
  create: streamOf(async function* (values) {
    for await (const _ of values) yield null
  }),
  message: "it emitted null, which a Node stream can't carry; use filter to omit values",
}

for (const [what, { create, code = '', message = '' }] of Object.entries(failures)) {
  for (const saves of [0, 1, 2]) {
    t.test(
      `StreamRunner: ${what} fails the chain once after ${saves} saves, and no call stays pending`,
      async t => {
        const made: Duplex[] = []
        const { chain, events } = (saves > 0 ? restoredChain : streamChain)(() => {
          const stream = create()
          made.push(stream)
          return stream
        })
        const given = async function* () {
          for (let n = 0; n < saves; n += 1) yield save
          for (let n = 0; n < 40; n += 1) {
            yield { n }
            await turns(1)
          }
        }
        const failure = await failureOf(feed(chain, given()).then(() => chain.flush()))
        t.match(failure, {
          code: 'OPERATOR',
          message: new RegExp(`^own: .*${message}`),
          context: { operator: 'own' },
          cause: { message: new RegExp(message), ...(code ? { code: new RegExp(code) } : {}) },
        })
        t.strictSame(events, [failure])
        await turns(3)
        t.ok(made.every(stream => stream.destroyed))
      },
    )
  }
}

t.test(
  'StreamRunner: an error at the end that a save causes fails the save, and nothing more is emitted',
  async t => {
    const { create } = failures['an error at its end'] as { create: () => Duplex }
    const { chain, out } = streamChain(create)
    t.match(await failureOf(feed(chain, [1, save, 2], out)), { code: 'OPERATOR', message: 'own: boom' })
    t.strictSame(out, [1])
  },
)

t.test('StreamRunner: an error of a stream that has been replaced does not crash the process', async t => {
  const made: Duplex[] = []
  const watched = streamChain(() => {
    const stream = new PassThrough({ objectMode: true, autoDestroy: false })
    made.push(stream)
    return stream
  })
  const values = [1, save, 2]
  t.strictSame(await outputOf(watched, values), values)
  for (const stream of made) stream.emit('error', new Error('late'))
  t.strictSame(watched.events, [])
})

t.test(
  'StreamRunner: create that throws fails the constructor for the first stream, else the value it is for',
  async t => {
    let calls = 0
    const create = () => {
      calls += 1
      if (calls === 2) throw new Error('no more')
      return pass()
    }
    const { chain, out } = streamChain(create)
    t.match(await failureOf(feed(chain, [1, save, 2], out)), { code: 'OPERATOR', message: 'own: no more' })
    t.strictSame(out, [1, save])
    t.throws(
      () =>
        streamChain(() => {
          throw new Error('none')
        }),
      { message: 'none' },
    )
  },
)

t.test('StreamRunner: a transform() that returns the same stream twice fails with OPTION', async t => {
  const one = pass()
  const { chain } = chainOf(transform(() => one))
  t.match(await failureOf(feed(chain, [1, save, 2])), {
    code: 'OPTION',
    message:
      'transform(): create: expected a function that returns a new stream each time, received a stream (PassThrough) used before',
  })
})

t.test('StreamRunner: a save drains each of several streams into the next', async t => {
  const watched = chainOf(
    transform(() => createGzip()),
    transform(() => createGunzip()),
    map(async (text: Buffer) => {
      await turns(2)
      return text
    }),
    transform(batches(99)),
  )
  const out = await outputOf(watched, ['one ', save, 'two ', 'three', save])
  const texts = out.map(record => (record === save ? save : Buffer.concat(record as Buffer[]).toString()))
  t.strictSame(texts, ['one ', save, 'two three', save])
})

const stages: readonly (() => Operator<number, number>)[] = [
  () => transform(pass),
  () => transform(slow),
  () => transform(() => new PassThrough({ objectMode: true, highWaterMark: 1 })),
  () => filter((n: number) => n % 3 !== 0),
  () => map((n: number) => n + 1),
  () =>
    map(async (n: number) => {
      await turns(n % 2)
      return n + 1
    }),
  () =>
    map(
      async (n: number) => {
        await turns(n % 3)
        return n + 1
      },
      { concurrency: 3 },
    ),
  () =>
    transform(async function* (numbers: AsyncIterable<number>) {
      for await (const n of numbers) if (n % 4 !== 0) yield n
    }),
  () =>
    operator<number>('repeat', (n, emit) => {
      for (let copy = 0; copy < n % 4; copy += 1) emit(n + copy)
    }),
]

t.test(
  'StreamRunner: streams among operators emit and count the same with restarts at any saves as without',
  async t => {
    const property = fc.asyncProperty(
      fc.array(fc.constantFrom(...stages), { minLength: 1, maxLength: 5 }),
      values,
      fc.array(fc.nat(30), { maxLength: 3 }),
      async (stages, values, cuts) => {
        const make = () => stages.map(one => one()).reduce((before, after) => compose(before, after))
        const ascending = cuts.toSorted((a, b) => a - b)
        assert.deepEqual(
          await runWithRestarts(ascending, values, make),
          await runWithRestarts([], values, make),
        )
      },
    )
    await t.resolves(fc.assert(property, { numRuns: 100 }))
  },
)

t.test('StreamRunner: input and output are counted, even if the stream adds or drops values', async t => {
  const watched = chainOf(
    transform(batches(2)),
    map((two: unknown) => two),
  )
  await outputOf(watched, [1, 2, 3, save, 4])
  t.strictSame(watched.chain.counts, [
    { name: 'transform', in: 4, out: 3, own: {} },
    { name: 'map', in: 3, out: 3, own: {} },
  ])
  t.strictSame(
    watched.chain.equations().filter(({ values: [left, right] }) => left !== right),
    [],
  )
})

t.test(
  'StreamRunner: a chain with a stream does not undo a record, since the stream cannot give it back',
  async t => {
    const { chain } = chainOf(
      transform(pass),
      map((n: number) => {
        if (n === 2) throw new Error('two')
        return n
      }),
    )
    chain.rememberRecords()
    await chain.receive(1)
    await failureOf(async () => {
      await chain.receive(2)
      await chain.flush()
    })
    t.notOk(chain.undo())
  },
)
