import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import fc from 'fast-check'
import t from 'tap'
import { map } from '../../lib/operators/map.ts'
import { take } from '../../lib/operators/take.ts'
import { run } from '../../lib/run/run.ts'
import { type ArraySink, toArray } from '../../lib/sinks/toArray.ts'
import type { Batch, SourceOpening, SourceRun } from '../../lib/stage/SourceStage.ts'
import { currentRun, lastRead } from '../../lib/streams/attach.ts'
import { SourceReadable } from '../../lib/streams/SourceReadable.ts'
import { failureOf } from '../support/failureOf.ts'
import { turns } from '../support/turns.ts'

const boom = new Error('boom')

/** Hooks of a source of numbers. */
interface Behaviour {
  /** Called before each batch, with the number of batches before it. */
  next?(given: number): Promise<void>
  /** Called when it is closed. */
  close?(): Promise<void>
}

/** Delivers numbers in batches of these sizes. The position is the number of values taken. */
class NumbersRun implements SourceRun<number> {
  readonly closed: number[] = []
  /** How many batches were requested. */
  requested = 0
  readonly opening: SourceOpening
  readonly #sizes: readonly number[]
  readonly #behaviour: Behaviour
  #first = 0

  constructor(sizes: readonly number[], behaviour: Behaviour, opening: SourceOpening) {
    this.#sizes = sizes
    this.#behaviour = behaviour
    this.opening = opening
  }

  async next(): Promise<Batch<number> | undefined> {
    const size = this.#sizes[this.requested]
    this.requested += 1
    await this.#behaviour.next?.(this.requested - 1)
    if (size === undefined) return undefined
    const first = this.#first
    this.#first += size
    return {
      items: Array.from({ length: size }, (_, n) => first + n),
      bytes: 0,
      positionAfter: taken => first + taken,
    }
  }

  save(batch: Batch<number> | undefined, taken: number): unknown {
    return batch?.positionAfter(taken)
  }

  async close(_batch: Batch<number> | undefined, taken: number): Promise<void> {
    this.closed.push(taken)
    await this.#behaviour.close?.()
  }
}

class Numbers extends SourceReadable<number, NumbersRun> {
  /** Its run of each time that it was opened. */
  readonly runs: NumbersRun[]

  constructor(sizes: readonly number[], behaviour: Behaviour = {}, options: { highWaterMark?: number } = {}) {
    const runs: NumbersRun[] = []
    const open = (opening: SourceOpening) => {
      const opened = new NumbersRun(sizes, behaviour, opening)
      runs.push(opened)
      return opened
    }
    super({ name: 'numbers', open }, open, options)
    this.runs = runs
  }

  get position(): unknown {
    return this[lastRead]
  }

  /** The run that is in use. */
  get last(): NumbersRun {
    return this[currentRun]
  }
}

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n)
const sizes = fc.array(fc.nat(7), { maxLength: 8 })
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0)
const never = () => new Promise<never>(() => {})

t.test(
  'SourceReadable: it delivers all its values by pipeline, pipe, for await and events, whatever its batches',
  async t => {
    const ways: Record<string, (source: Numbers) => Promise<unknown[]>> = {
      async pipeline(source) {
        const sink = toArray({ max: 99 })
        await pipeline(source, sink)
        return sink.records
      },
      async pipe(source) {
        const sink = toArray({ max: 99 })
        await once(source.pipe(sink), 'finish')
        return sink.records
      },
      async 'for await'(source) {
        const seen: unknown[] = []
        for await (const n of source) seen.push(n)
        return seen
      },
      async events(source) {
        const seen: unknown[] = []
        source.on('data', n => seen.push(n))
        await once(source, 'end')
        return seen
      },
    }
    for (const [way, read] of Object.entries(ways)) {
      const property = fc.asyncProperty(
        sizes,
        fc.integer({ min: 1, max: 9 }),
        async (sizes, highWaterMark) => {
          const source = new Numbers(sizes, {}, { highWaterMark })
          assert.deepEqual(await read(source), upTo(sum(sizes)))
          if (!source.closed) await once(source, 'close')
          assert.deepEqual(source.last.closed.length > 0, true, 'the source is closed')
        },
      )
      await t.resolves(fc.assert(property, { numRuns: 30 }), way)
    }
  },
)

t.test('SourceReadable: its position is that after the value read last, at each value', async t => {
  const property = fc.asyncProperty(
    sizes,
    fc.integer({ min: 1, max: 9 }),
    fc.array(fc.nat(3), { minLength: 1, maxLength: 5 }),
    async (sizes, highWaterMark, pauses) => {
      const source = new Numbers(sizes, {}, { highWaterMark })
      let read = 0
      for await (const n of source) {
        assert.equal(n, read)
        read += 1
        // The source may read ahead during these turns.
        await turns(pauses[read % pauses.length] as number)
        assert.equal(source.position, read)
      }
      assert.equal(source.position, read === 0 ? undefined : read)
    },
  )
  await t.resolves(fc.assert(property, { numRuns: 100 }))
})

t.test('SourceReadable: if it is left early, its position is that after the value read last', async t => {
  const source = new Numbers([5, 5, 5], {}, { highWaterMark: 4 })
  t.equal(source.position, undefined)
  for await (const n of source) if (n === 6) break
  t.equal(source.position, 7)
  t.ok(source.destroyed)
})

t.test(
  'SourceReadable: it is opened when it is created, and requests no batch before it is read',
  async t => {
    const source = new Numbers([1])
    t.equal(source.runs.length, 1)
    t.strictSame(source.last.opening.wants, { rejected: false, origins: false })
    await turns(2)
    t.equal(source.last.requested, 0)
    source.destroy()
  },
)

t.test('SourceReadable: it requests the next batch only when there is room', async t => {
  const source = new Numbers(Array(50).fill(4), {}, { highWaterMark: 6 })
  t.equal(source.read(), null)
  await turns(5)
  t.ok(source.last.requested <= 2, `${source.last.requested} batches`)
  t.ok(source.readableLength <= 8)
  source.destroy()
})

t.test(
  'SourceReadable: if a batch fails, the values before it are read, then the error is thrown',
  async t => {
    const failing = () =>
      new Numbers([2, 2], {
        async next(given) {
          await turns(3)
          if (given === 1) throw boom
        },
      })
    const seen: unknown[] = []
    t.equal(
      await failureOf(
        (async () => {
          for await (const n of failing()) seen.push(n)
        })(),
      ),
      boom,
    )
    t.strictSame(seen, [0, 1])
    t.equal(await failureOf(pipeline(failing(), toArray({ max: 9 }))), boom)
  },
)

t.test('SourceReadable: one that fails between two batches is destroyed with the error', async t => {
  const source = new Numbers([2], { next: given => (given === 0 ? Promise.resolve() : never()) })
  const failing = failureOf(pipeline(source, toArray({ max: 9 })))
  await turns(3)
  source.last.opening.fail(boom)
  t.equal(await failing, boom)
})

t.test('SourceReadable: destroyed at any time, it closes its run first, and then itself', async t => {
  const property = fc.asyncProperty(sizes, fc.nat(12), fc.boolean(), async (sizes, moment, fails) => {
    let isReleased = false
    const source = new Numbers(sizes, {
      next: given => turns(given % 3),
      async close() {
        await turns(2)
        isReleased = true
      },
    })
    const seen: unknown[] = []
    source.on('data', n => seen.push(n))
    source.on('error', () => {})
    await turns(moment)
    const before = seen.length
    source.destroy(fails ? boom : undefined)
    if (!source.closed) await new Promise(resolve => source.once('close', resolve))
    assert.ok(isReleased)
    assert.equal(seen.length, before, 'no value is emitted after destroy')
  })
  await t.resolves(fc.assert(property, { numRuns: 60 }))
})

t.test('SourceReadable: destroyed with an error, it fails with this error', async t => {
  const source = new Numbers([1], { next: given => (given === 0 ? Promise.resolve() : turns(9)) })
  const failing = failureOf(pipeline(source, toArray({ max: 9 })))
  await turns(2)
  source.destroy(boom)
  t.equal(await failing, boom)
})

t.test(
  'SourceReadable: run uses its stage, and its stream is only destroyed and closed at the end',
  async t => {
    const source = new Numbers([3, 0, 2])
    const events: string[] = []
    for (const event of ['data', 'end', 'error', 'close']) {
      const { on } = source
      on.call(source, event === 'data' ? 'readable' : event, () => events.push(event))
    }
    const sink = toArray({ max: 9 })
    t.match(await run(source, sink), { read: 5 })
    t.strictSame(sink.records, [0, 1, 2, 3, 4])
    t.notOk(source.readableDidRead)
    t.ok(source.destroyed)
    t.ok(source.closed)
    t.strictSame(events, ['close'])
    t.equal(source.runs.length, 2, 'the run has opened it a second time')
    t.equal(source.last, source.runs[1])
  },
)

t.test('SourceReadable: run passes it the number of items of the last batch that were used', async t => {
  for (const [stages, taken] of [
    [[], 5],
    [[take<number>(7)], 2],
    [[take<number>(0)], 1],
  ] as const) {
    const source = new Numbers([5, 5])
    await (run as (...given: unknown[]) => Promise<unknown>)(source, ...stages, toArray({ max: 99 }))
    t.equal(source.last.closed[0], taken)
  }
})

for (const [what, error, message] of [
  ['destroyed', undefined, 'the source failed: it was closed before its end'],
  ['destroyed with an error', boom, 'the source failed: boom'],
] as const) {
  t.test(
    `SourceReadable: one that is ${what} from outside fails the run at once, whatever the run waits for`,
    async t => {
      const hanging = new Writable({ objectMode: true, highWaterMark: 1, write() {} })
      for (const [where, start] of Object.entries<(source: Numbers) => Promise<unknown>>({
        'for the source': source => run(source, toArray({ max: 9 })),
        'for a step': source => run(source, map(never), toArray({ max: 9 })),
        'for the sink': source => run(source, hanging),
      })) {
        const source = new Numbers([1, 1], { next: given => (given === 0 ? Promise.resolve() : never()) })
        source.on('error', () => {})
        const failing = failureOf(start(source))
        await turns(10)
        source.destroy(error)
        await turns(2)
        t.match(await failing, { code: 'SOURCE', message }, where)
        t.ok(source.closed, where)
        t.equal(source.last.closed.length, 1, where)
      }
    },
  )
}

t.test('SourceReadable: destroyed from outside, it closes after the run has closed its stage', async t => {
  const order: string[] = []
  const source = new Numbers([1], {
    next: given => (given === 0 ? Promise.resolve() : never()),
    async close() {
      await turns(3)
      order.push('stage closed')
    },
  })
  source.once('close', () => order.push('stream closed'))
  const failing = failureOf(run(source, toArray({ max: 9 })))
  await turns(10)
  source.destroy()
  await failing
  t.strictSame(order, ['stage closed', 'stream closed'])
})

t.test('SourceReadable: it is closed if it fails the run, and if the run fails elsewhere', async t => {
  const failing = new Numbers([2], {
    next: given => (given === 1 ? Promise.reject(boom) : Promise.resolve()),
  })
  t.match(await failureOf(run(failing, toArray({ max: 9 }))), { code: 'SOURCE', cause: boom })
  t.ok(failing.closed)
  const source = new Numbers([2, 2])
  const throwing = map(() => {
    throw boom
  })
  t.match(await failureOf(run(source, throwing, toArray({ max: 9 }))), { code: 'OPERATOR' })
  t.ok(source.closed)
})

t.test('SourceReadable: it can be used once, by a pipeline or by a run', async t => {
  const used = { code: 'OPTION', message: /source: expected a stream that was not read before/ }
  const piped = new Numbers([1])
  await pipeline(piped, toArray({ max: 9 }))
  t.match(await failureOf(run(piped, toArray({ max: 9 }))), used)
  const ran = new Numbers([1])
  await run(ran, toArray({ max: 9 }))
  t.match(await failureOf(run(ran, toArray({ max: 9 }))), { code: 'OPTION', message: /source: / })
  t.match(await failureOf(pipeline(ran, toArray({ max: 9 }))), { code: /^ERR_STREAM_/ })
})

t.test(
  'SourceReadable: if its run was refused before it began, it can be used by another run or a pipeline',
  async t => {
    const refused = (source: Numbers) =>
      failureOf(run(source, toArray({ max: 9 }), { checkpoint: '/nowhere/at/all' }))
    const uses: ((source: Numbers, sink: ArraySink<unknown>) => Promise<unknown>)[] = [run, pipeline]
    for (const use of uses) {
      const source = new Numbers([2])
      t.match(await refused(source), { code: 'CHECKPOINT' })
      t.notOk(source.destroyed)
      const sink = toArray({ max: 9 })
      await use(source, sink)
      t.strictSame(sink.records, [0, 1])
    }
  },
)
