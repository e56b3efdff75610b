import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import t from 'tap'
import { branchOf } from '../../lib/engine/branches.ts'
import { Chain } from '../../lib/engine/Chain.ts'
import { done, type OwnStepDefinition } from '../../lib/engine/definition.ts'
import type { Operator, RunError } from '../../lib/index.ts'
import { compose } from '../../lib/operators/compose.ts'
import { filter } from '../../lib/operators/filter.ts'
import { map } from '../../lib/operators/map.ts'
import { operator } from '../../lib/operators/operator.ts'
import { peek } from '../../lib/operators/peek.ts'
import { take } from '../../lib/operators/take.ts'
import { transform } from '../../lib/operators/transform.ts'
import { validate } from '../../lib/operators/validate.ts'
import { run } from '../../lib/run/run.ts'
import { toArray } from '../../lib/sinks/toArray.ts'
import { Rejected } from '../../lib/stage/Rejected.ts'
import { recipe } from '../../lib/streams/attach.ts'
import { failureOf } from '../support/failureOf.ts'
import { settings } from '../support/settings.ts'
import { turns } from '../support/turns.ts'
import { chainOf } from './chainOf.ts'

/** Passes values on, and emits their sum at the end. */
const sum = () =>
  operator<number, number>({
    name: 'sum',
    create() {
      let total = 0
      return {
        step(value, emit) {
          total += value
          emit(value)
        },
        flush: emit => emit(total),
        save: () => total,
        restore(state) {
          total = Number(state)
        },
        counts: () => ({ total }),
      }
    },
  })

t.test('Chain: synchronous steps run synchronously', async t => {
  const { chain, out } = chainOf(
    map((n: number) => n + 1),
    filter((n: number) => n % 2 === 0),
  )
  t.equal(chain.receive(1), undefined)
  t.equal(chain.receive(2), undefined)
  t.strictSame(out, [2])
})

t.test('Chain: what a flush emits passes the later operators before those are flushed', async t => {
  const append = (word: string) =>
    operator<string>(
      word,
      (value, emit) => emit(`${value} ${word}`),
      emit => emit(`end of ${word}`),
    )
  const { chain, out } = chainOf(append('a'), append('b'), append('c'))
  await chain.receive('1')
  await chain.flush()
  t.strictSame(out, ['1 a b c', 'end of a b c', 'end of b c', 'end of c'])
})

t.test('Chain: an asynchronous flush is awaited', async t => {
  const slow = operator<number>(
    'slow',
    (value, emit) => emit(value),
    async emit => {
      for (const value of [7, 8, 9]) {
        await null
        emit(value)
      }
    },
  )
  const { chain, out } = chainOf(
    slow,
    map(async (n: number) => n * 10),
    sum(),
  )
  await chain.flush()
  t.strictSame(out, [70, 80, 90, 240])
})

t.test('Chain: after done, earlier steps are no longer called, not even for values under way', async t => {
  const seen: number[] = []
  const { chain, out, events } = chainOf(
    operator<number>('repeat', (value, emit) => {
      for (let copy = 0; copy < 3; copy += 1) emit(value)
    }),
    peek((value: number) => seen.push(value)),
    take(2),
  )
  await chain.receive(1)
  t.ok(chain.isDone)
  await chain.receive(2)
  t.strictSame(out, [1, 1])
  t.strictSame(seen, [1, 1])
  t.strictSame(events, ['done'])
  t.strictSame(chain.counts, [
    { name: 'repeat', in: 2, out: 3, unused: 1, own: {} },
    { name: 'peek', in: 3, out: 2, unused: 1, own: {} },
    { name: 'take', in: 2, out: 2, own: {} },
  ])
})

t.test('Chain: done after an asynchronous step stops that step, too', async t => {
  let calls = 0
  const { chain, out } = chainOf(
    operator<number>('repeat', (value, emit) => {
      for (let copy = 0; copy < 9; copy += 1) emit(value)
    }),
    map(async (value: number) => {
      calls += 1
      return value
    }),
    take(2),
  )
  await chain.receive(5)
  t.strictSame(out, [5, 5])
  t.equal(calls, 2)
})

t.test('Chain: after done, neither that operator nor an earlier one is flushed; later ones are', async t => {
  const flushed: string[] = []
  const flushing = (name: string) =>
    operator<number>(
      name,
      (value, emit) => emit(value),
      () => {
        flushed.push(name)
      },
    )
  const stop = operator<number>(
    'stop',
    (value, emit) => {
      emit(value)
      return done
    },
    () => {
      flushed.push('stop')
    },
  )
  const { chain, out } = chainOf(flushing('before'), stop, flushing('after'))
  await chain.receive(1)
  await chain.flush()
  t.strictSame(out, [1])
  t.strictSame(flushed, ['after'])
})

t.test('Chain: done during a flush stops the flushes of earlier operators', async t => {
  const emitting = (name: string) =>
    operator<string>(
      name,
      (value, emit) => emit(value),
      emit => emit(name),
    )
  const { chain, out } = chainOf(emitting('a'), emitting('b'), take(1), emitting('c'))
  await chain.flush()
  t.ok(chain.isDone)
  t.strictSame(out, ['a', 'c'])
})

t.test(
  'Chain: after a failure no step is called, and every later call fails with the same error',
  async t => {
    let calls = 0
    const { chain, out, events } = chainOf(
      peek(() => {
        calls += 1
      }),
      map((n: number) => {
        if (n === 2) throw new Error('two')
        return n
      }),
    )
    await chain.receive(1)
    t.throws(() => chain.receive(2), { code: 'OPERATOR', message: 'map: two' })
    t.throws(() => chain.receive(3), { message: 'map: two' })
    await t.rejects(chain.flush(), { message: 'map: two' })
    t.strictSame(out, [1])
    t.equal(calls, 2)
    t.match(events, [{ code: 'OPERATOR', message: 'map: two' }], 'the failure is reported')
    t.equal(events.length, 1)
    t.equal(chain.failure?.error, events[0])
  },
)

t.test('Chain: a value that a step emits after its end fails the emit and the run', async t => {
  let late: (value: number) => void = () => {}
  const keep = operator<number>('keep', (_, emit) => {
    late = emit
  })
  const { chain, out } = chainOf(keep)
  await chain.receive(1)
  const expected = { code: 'OPERATOR', message: /keep: it emitted a value after its step had ended/ }
  t.throws(() => late(2), expected, 'the emit throws')
  t.throws(() => chain.receive(3), expected, 'the next receive throws')
  t.strictSame(out, [])
})

t.test(
  'Chain: a value that an asynchronous step emits after its promise settled fails the emit and the run',
  async t => {
    let late: (value: number) => void = () => {}
    const { chain } = chainOf(
      operator<number>('keep', async (_, emit) => {
        late = emit
        await null
        emit(1)
      }),
    )
    await chain.receive(1)
    t.throws(() => late(2), { code: 'OPERATOR' })
    await t.rejects(chain.flush(), { code: 'OPERATOR' })
  },
)

t.test('Chain: a step that returns a value instead of emitting it fails with OPERATOR', async t => {
  for (const [returned, said] of [
    [1, 'a value of type number'],
    [null, 'null'],
    [{}, 'a value of type object'],
    [false, 'a value of type boolean'],
  ]) {
    for (const step of [() => returned as never, async () => returned as never]) {
      const { chain } = chainOf(operator<number>('returns', step))
      const failure = await failureOf(async () => chain.receive(1))
      t.match(failure, {
        code: 'OPERATOR',
        message: `returns: the step returned ${said}: a step emits values with emit(value), and a returned value would be lost`,
      })
    }
  }
})

t.test(
  "Chain: a create that throws or returns no operator fails with OPERATOR and the operator's name",
  async t => {
    const made = (create: () => unknown) =>
      failureOf(run([1], operator({ name: 'mine', create: create as () => never }), toArray({ max: 1 })))
    t.match(
      await made(() => {
        throw new Error('no')
      }),
      { code: 'OPERATOR', message: 'mine: no' },
    )
    for (const nothing of [undefined, null, {}, { step: 1 }]) {
      t.match(await made(() => nothing), {
        code: 'OPERATOR',
        message: 'mine: create() must return an object with a step',
      })
    }
  },
)

t.test("Chain: an operator's own counts do not replace those of the chain", async t => {
  const lying = operator<number>({
    name: 'lying',
    create: () => ({
      step: (value, emit) => emit(value),
      counts: () => ({ in: 99, out: 99, extra: 1 }),
    }),
  })
  const { chain } = chainOf(lying)
  await chain.receive(1)
  t.strictSame(chain.counts, [{ name: 'lying', in: 1, out: 1, own: { in: 99, out: 99, extra: 1 } }])
})

t.test('Chain: counts() that throws fails the run with OPERATOR', async t => {
  const failing = operator<number>({
    name: 'failing',
    create: () => ({
      step: (value, emit) => emit(value),
      counts() {
        throw new Error('no numbers')
      },
    }),
  })
  t.match(await failureOf(run([1], failing, toArray({ max: 1 }))), {
    code: 'OPERATOR',
    message: 'failing: no numbers',
  })
})

/** An operator, and the same on arrays. */
interface Modelled {
  title: string
  make: () => Operator<number, number>
  apply: (values: number[]) => number[]
}

const turn = () => new Promise<void>(resolve => setImmediate(resolve))
const small = fc.integer({ min: 1, max: 5 })
const modelled: fc.Arbitrary<Modelled> = fc.oneof(
  small.map(k => ({
    title: `filter ${k}`,
    make: () => filter((n: number) => n % (k + 1) !== 0),
    apply: (values: number[]) => values.filter(n => n % (k + 1) !== 0),
  })),
  small.map(k => ({
    title: `async filter ${k}`,
    make: () =>
      filter(async (n: number) => {
        if (n % 3 === 0) await turn()
        return n % (k + 1) !== 0
      }),
    apply: (values: number[]) => values.filter(n => n % (k + 1) !== 0),
  })),
  small.map(k => ({
    title: `map ${k}`,
    make: () => map((n: number) => n + k),
    apply: (values: number[]) => values.map(n => n + k),
  })),
  small.map(k => ({
    title: `async map ${k}`,
    make: () => map((n: number) => (n % 2 === 0 ? n * k : Promise.resolve(n * k))),
    apply: (values: number[]) => values.map(n => n * k),
  })),
  small.map(k => ({
    title: `map, ${k} calls at a time`,
    make: () =>
      map(
        async (n: number) => {
          if (n % 3 === 0) await turn()
          return n + 1
        },
        { concurrency: k },
      ),
    apply: (values: number[]) => values.map(n => n + 1),
  })),
  fc.constant({
    title: 'repeat',
    make: () =>
      operator<number>('repeat', (n, emit) => {
        for (let copy = 0; copy < Math.abs(n) % 4; copy += 1) emit(n + copy)
      }),
    apply: (values: number[]) =>
      values.flatMap(n => Array.from({ length: Math.abs(n) % 4 }, (_, copy) => n + copy)),
  }),
  fc.constant({
    title: 'async repeat',
    make: () =>
      operator<number>('repeat', async (n, emit) => {
        for (let copy = 0; copy < 3; copy += 1) {
          await null
          emit(n + copy)
        }
      }),
    apply: (values: number[]) => values.flatMap(n => [n, n + 1, n + 2]),
  }),
  fc.constant({
    title: 'sum',
    make: sum,
    apply: (values: number[]) => [...values, values.reduce((total, n) => total + n, 0)],
  }),
  fc.constant({
    title: 'last first',
    make: () =>
      operator<number>({
        name: 'hold',
        create() {
          const held: number[] = []
          return {
            step: n => {
              held.unshift(n)
            },
            async flush(emit) {
              await null
              for (const n of held) emit(n)
            },
          }
        },
      }),
    apply: (values: number[]) => values.toReversed(),
  }),
  fc.nat(12).map(k => ({
    title: `take ${k}`,
    make: () => take<number>(k),
    apply: (values: number[]) => values.slice(0, k),
  })),
)

for (const [setting, through] of Object.entries(settings)) {
  t.test(`Chain: any sequence of operators emits what the array methods return: ${setting}`, async t => {
    const property = fc.assert(
      fc.asyncProperty(
        fc.array(modelled, { minLength: 1, maxLength: 6 }),
        fc.array(fc.nat(30), { maxLength: 40 }),
        async (stages, values) => {
          const make = () =>
            stages.map(stage => stage.make()).reduce((before, after) => compose(before, after))
          const expected = stages.reduce((before, stage) => stage.apply(before), values)
          assert.deepEqual(await through(values, make), expected, stages.map(stage => stage.title).join(', '))
        },
      ),
      { numRuns: 60 },
    )
    await t.resolves(property)
  })
}

t.test('Chain: an error after an asynchronous step is reported once, when that step has ended', async t => {
  const failure = await failureOf(
    run(
      [1, 2, 3],
      map(async (n: number) => n),
      map((n: number) => {
        throw new Error(`no ${n}`)
      }),
      toArray({ max: 9 }),
    ),
  )
  t.match(failure, { code: 'OPERATOR', message: 'map: no 1' })
  t.match((failure as RunError).report, { operators: [{ out: 1 }, { in: 1, out: 0 }] })
})

t.test(
  'Chain: an element that is not a record skips every operator but the one that accepts such elements',
  async t => {
    const rejected = new Rejected('malformed', 'no JSON', '{', { page: 1, element: 0, byte: 0 })
    const seen: unknown[] = []
    class Own {
      step(value: unknown, emit: (value: unknown) => void) {
        emit(value)
      }
      reject(what: unknown) {
        seen.push(what)
      }
    }
    const own = operator<unknown>({ name: 'own', create: () => new Own() })
    const { chain, out } = chainOf(own, validate(), validate({ onInvalid: 'skip' }))
    await chain.receive(rejected)
    t.match(chain.counts, [
      { name: 'own' },
      { name: 'validate', own: { skipped: 0 } },
      { own: { skipped: 1, rejected: 1 } },
    ])
    t.strictSame([seen, out], [[], []])
  },
)

t.test(
  'Chain: an element that is not a record fails the chain if no operator accepts such elements',
  async t => {
    const { chain, out } = chainOf(validate())
    const rejected = new Rejected('malformed', 'no JSON', '{', { page: 1, element: 0, byte: 0 })
    t.throws(() => chain.receive(rejected), { message: 'no operator takes elements that are not records' })
    t.strictSame(out, [])
  },
)

t.test('Chain: an operator that catches an error of emit does not pass the refused value on', async t => {
  const hiding = operator<number>('hiding', (value, emit) => {
    try {
      emit(null as never)
    } catch {}
    emit(value)
  })
  const { chain, out } = chainOf(hiding)
  await chain.receive(1)
  t.strictSame(out, [1], 'the refused null was not emitted')
})

t.test('Chain: emit does not throw the failure of a later stage', async t => {
  const caught: unknown[] = []
  const boom = new Error('boom')
  const emitting = operator<number>('emitting', (value, emit) => {
    try {
      emit(value)
    } catch (error) {
      caught.push(error)
    }
  })
  const events: unknown[] = []
  const chain = new Chain(
    branchOf(emitting[recipe], {
      write() {
        throw boom
      },
    }),
    { done() {}, failed: error => events.push(error) },
  )
  t.equal(await failureOf(async () => chain.receive(1)), boom)
  t.strictSame(caught, [])
  t.strictSame(events, [boom])
  t.ok(chain.isSinkFailed)
})

t.test('Chain: receive waits while the sink has no room, and resolves afterwards', async t => {
  let hasRoom: () => void = () => {}
  const written: unknown[] = []
  const chain = new Chain(
    branchOf(map((n: number) => n * 10)[recipe], {
      write(record: unknown) {
        written.push(record)
        return new Promise<void>(resolve => {
          hasRoom = resolve
        })
      },
    }),
    { done() {}, failed() {} },
  )
  let isReceived = false
  const waiting = Promise.resolve(chain.receive(1)).then(() => {
    isReceived = true
  })
  await turns(3)
  t.notOk(isReceived)
  hasRoom()
  await waiting
  t.strictSame(written, [10])
})

t.test('Chain: a sink that fails between two writes fails the chain once', async t => {
  const [first, second] = [new Error('first'), new Error('second')]
  const { chain, events, out } = chainOf(map((n: number) => n))
  await chain.receive(1)
  chain.outlets[0]?.fail(first)
  chain.outlets[0]?.fail(second)
  t.strictSame(events, [first])
  t.ok(chain.isSinkFailed)
  t.equal(await failureOf(async () => chain.receive(2)), first)
  t.strictSame(out, [1])
})

/** Writes numbers below 10 to its side output. */
const divert = (): OwnStepDefinition<number, number> => ({
  name: 'divert',
  stateless: true,
  create: outputs => ({
    step(n: number, emit: (n: number) => void) {
      if (n < 10) outputs?.small?.write(n)
      else emit(n)
    },
  }),
})

t.test('Chain: each operator writes to its own side outputs, and their failure fails the chain', async t => {
  const [main, first, second]: unknown[][] = [[], [], []]
  const events: unknown[] = []
  const target = (records: unknown[] = []) => ({ write: (record: unknown) => void records.push(record) })
  const chain = new Chain(
    branchOf([divert(), ...map((n: number) => n - 10)[recipe], divert()] as never, target(main), [
      { small: target(first) },
      undefined,
      { small: target(second) },
    ]),
    { done() {}, failed: error => events.push(error) },
  )
  for (const n of [1, 11, 25, 2, 30]) await chain.receive(n)
  t.strictSame([main, first, second], [[15, 20], [1, 2], [1]])
  t.equal(chain.main.passed, 2, 'diverted records are not counted as passed')
  const boom = new Error('boom')
  chain.outlets[2]?.fail(boom)
  t.strictSame(events, [boom])
  t.equal(await failureOf(async () => chain.receive(1)), boom)
})

t.test('Chain: after stop it receives and emits nothing, even if a step is still running', async t => {
  let finishStep: () => void = () => {}
  const { chain, out } = chainOf(
    map(async (n: number) => {
      await new Promise<void>(resolve => {
        finishStep = resolve
      })
      return n
    }),
  )
  const waiting = chain.receive(1)
  chain.stop()
  finishStep()
  await waiting
  await chain.idle()
  await chain.receive(2)
  t.strictSame(out, [])
})

t.test('Chain: if an operator cannot be created, those created before it are stopped', async t => {
  const made: PassThrough[] = []
  const first = transform(() => {
    const stream = new PassThrough({ objectMode: true })
    made.push(stream)
    return stream
  })
  const failing = operator<unknown>({
    name: 'failing',
    create() {
      throw new Error('no')
    },
  })
  t.throws(() => chainOf(first, failing), { code: 'OPERATOR', message: 'failing: no' })
  t.strictSame(
    made.map(stream => stream.destroyed),
    [true],
  )
})

t.test('Chain: drain returns undefined if the chain has no user stream', async t => {
  const { chain } = chainOf(map((n: number) => n))
  t.equal(chain.drain(), undefined)
  await chain.receive(1)
  t.equal(chain.drain(), undefined)
})

t.test('Chain: its equations hold after every record, and name the counts that do not add up', async t => {
  const wrong = (chain: Chain) => chain.equations().filter(({ values: [left, right] }) => left !== right)
  const { chain } = chainOf(
    filter((n: number) => n % 2 === 0),
    map(async (n: number) => n),
    take(3),
  )
  for (let n = 0; n < 12; n += 1) {
    await chain.receive(n)
    t.strictSame(wrong(chain), [])
  }
  await chain.flush()
  t.match(chain.equations(), [
    { left: 'records received', right: 'into filter', values: [12, 12] },
    { left: 'out of filter', right: 'into map' },
    { left: 'out of map', right: 'into take', values: [3, 3] },
    { left: 'out of take', right: 'passed on', values: [3, 3] },
    { left: 'elements received that are not records', values: [0, 0] },
  ])
  const lying: OwnStepDefinition<number, number> = {
    name: 'lying',
    create: () => ({ step() {}, counts: () => ({ kept: 7 }) }),
    equations: counts => [
      { left: 'kept', right: 'into lying', values: [Number(counts.own.kept), counts.in] },
    ],
  }
  const none = new Chain(branchOf([lying] as never, { write() {} }), { done() {}, failed() {} })
  none.receive(1)
  t.strictSame(wrong(none), [{ left: 'kept', right: 'into lying', values: [7, 1] }])
})

t.test('Chain: without operators, records pass unchanged and are counted', async t => {
  const { chain, out } = chainOf()
  chain.receive(1)
  await chain.flush()
  t.strictSame([out, chain.main.records, chain.main.passed, chain.counts], [[1], 1, 1, []])
  t.match(chain.equations(), [{ right: 'passed on', values: [1, 1] }, { values: [0, 0] }])
})

t.test("Chain: totals include only the counts of leadpipe's own operators", async t => {
  const namesake = operator<unknown>({
    name: 'namesake',
    create: () => ({
      step: (value, emit) => emit(value),
      counts: () => ({ skipped: 9, quarantined: 9, unmatched: 9 }),
    }),
  })
  const { chain } = chainOf(validate({ onInvalid: 'skip' }), namesake, validate({ onInvalid: 'skip' }))
  for (const value of [{ guid: 'a' }, {}, {}]) await chain.receive(value)
  t.strictSame(chain.main.runners.totals, { skipped: 2, quarantined: 0, unmatched: 0 })
})
