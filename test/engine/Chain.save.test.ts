import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { branchOf } from '../../lib/engine/branches.ts'
import { Chain } from '../../lib/engine/Chain.ts'
import { done } from '../../lib/engine/definition.ts'
import type { SavedCounts } from '../../lib/engine/OperatorCounters.ts'
import type { BranchState } from '../../lib/engine/Runner.ts'
import type { Operator, OperatorInstance } from '../../lib/index.ts'
import { compose } from '../../lib/operators/compose.ts'
import { explode } from '../../lib/operators/explode.ts'
import { filter } from '../../lib/operators/filter.ts'
import { map } from '../../lib/operators/map.ts'
import { operator } from '../../lib/operators/operator.ts'
import { peek } from '../../lib/operators/peek.ts'
import { take } from '../../lib/operators/take.ts'
import { validate } from '../../lib/operators/validate.ts'
import { Rejected } from '../../lib/stage/Rejected.ts'
import { recipe } from '../../lib/streams/attach.ts'
import { runWithRestarts } from '../operators/runWithRestarts.ts'
import { failureOf } from '../support/failureOf.ts'
import { turns } from '../support/turns.ts'
import { chainOf, chainOfDefinitions, savedBy } from './chainOf.ts'

const rejected = () => new Rejected('malformed', 'no JSON', '{', { page: 1, element: 0, byte: 0 })

/** An operator that passes values through and also has these methods. */
const withMethods = (methods: Partial<OperatorInstance<unknown, unknown>>) =>
  operator<unknown>({
    name: 'mine',
    create: () => ({ step: (value, emit) => emit(value), ...methods }),
  })

/** The saved counts of an operator: 0, except for these. */
const counted = (counts: Partial<SavedCounts>): SavedCounts => ({
  in: 0,
  out: 0,
  unused: 0,
  rejected: 0,
  ended: false,
  own: {},
  ...counts,
})

/** The state of a chain of these operators that has received no record. */
const stateOf = (operators: BranchState['operators']): BranchState => ({
  operators,
  records: 0,
  rejected: 0,
  passed: 0,
})

/** Emits values in pairs; has a count that it does not save. */
const inPairs = () =>
  operator<number, number[]>({
    name: 'inPairs',
    create() {
      let held: number[] = []
      let odd = 0
      return {
        step(n, emit) {
          held.push(n)
          if (n % 2 !== 0) odd += 1
          if (held.length < 2) return
          emit(held)
          held = []
        },
        flush(emit) {
          if (held.length > 0) emit(held)
        },
        save: () => (held.length === 0 ? undefined : held),
        restore(state) {
          held = state as number[]
        },
        counts: () => ({ odd }),
      }
    },
  })

t.test(
  'Chain.save: holds the name, state and counts of each operator, and the counts of the chain',
  async t => {
    const { chain, out } = chainOf(
      map((n: number) => n + 1),
      inPairs(),
      take(5),
    )
    for (const n of [1, 2, 3]) chain.receive(n)
    t.strictSame(out, [[2, 3]])
    t.strictSame(chain.save(), {
      operators: [
        { name: 'map', counts: counted({ in: 3, out: 3 }) },
        { name: 'inPairs', state: [4], counts: counted({ in: 3, out: 1, own: { odd: 1 } }) },
        { name: 'take', state: 1, counts: counted({ in: 1, out: 1 }) },
      ],
      records: 3,
      rejected: 0,
      passed: 1,
    })
  },
)

t.test('Chain.save: calls no step and changes no count', async t => {
  const seen: unknown[] = []
  const { chain, out } = chainOf(
    operator<unknown>('look', value => {
      seen.push(value)
    }),
  )
  chain.save()
  t.strictSame([seen, out], [[], []])
  t.strictSame(chain.counts, [{ name: 'look', in: 0, out: 0, own: {} }])
})

t.test('Chain.save: a saved state does not change when the operator changes its own', async t => {
  const held: number[] = []
  const { chain } = chainOf(
    operator<number>({
      name: 'hold',
      create: () => ({
        step: n => {
          held.push(n)
        },
        save: () => ({ held }),
        restore() {},
      }),
    }),
  )
  await chain.receive(1)
  const state = chain.save()
  await chain.receive(2)
  t.strictSame(state.operators[0]?.state, { held: [1] })
})

t.test(
  "Chain: save or restore that throws is an OPERATOR error with the operator's name and the cause",
  async t => {
    const boom = new Error('boom')
    const fail = () => {
      throw boom
    }
    t.match(await failureOf(() => chainOf(withMethods({ save: fail })).chain.save()), {
      code: 'OPERATOR',
      message: 'mine: save(): boom',
      context: { operator: 'mine' },
      cause: boom,
    })
    const { chain } = chainOf(withMethods({ restore: fail }))
    const state = stateOf([{ name: 'mine', state: 1, counts: counted({}) }])
    t.match(await failureOf(() => chain.restore(state)), {
      code: 'OPERATOR',
      message: 'mine: restore(): boom',
      cause: boom,
    })
  },
)

class Own {
  a = 1
}
const circular: Record<string, unknown> = {}
circular.again = { circular }

for (const [what, state] of Object.entries({
  'an object of class Map': new Map(),
  'an object of class Set': { seen: new Set([1]) },
  'an object of class Date': [new Date(0)],
  'an object of class Promise': Promise.resolve(1),
  'an object of class Own': new Own(),
  'an object of class Buffer': Buffer.from('x'),
  'a value of type function': { a: { b: () => 1 } },
  'a value of type bigint': [1n],
  'a value of type symbol': Symbol('s'),
  NaN: { mean: Number.NaN },
  '-Infinity': Number.NEGATIVE_INFINITY,
  undefined: [undefined],
  'an object that holds itself': circular,
})) {
  t.test(`Chain.save: a state with ${what} is refused, since JSON would lose it`, async t => {
    const { chain } = chainOf(withMethods({ save: () => state }))
    t.match(await failureOf(() => chain.save()), {
      code: 'OPERATOR',
      message: `mine: what save() returns must be plain JSON, found ${what}`,
    })
  })
}

t.test('Chain.save: a state with a hole in an array is refused', async t => {
  const { chain } = chainOf(withMethods({ save: () => new Array(2) }))
  t.match(await failureOf(() => chain.save()), { message: /found undefined$/ })
})

t.test('Chain.save: a state that is plain JSON is restored unchanged', async () => {
  const shared = { x: 1 }
  const property = fc.property(fc.jsonValue(), json => {
    const state = JSON.parse(JSON.stringify({ json, twice: [shared, shared] }))
    let restored: unknown
    const restore = (given: unknown) => {
      restored = given
    }
    const saved = savedBy(chainOf(withMethods({ save: () => state })).chain)
    chainOf(withMethods({ restore })).chain.restore(saved)
    assert.deepStrictEqual(restored, state)
  })
  fc.assert(property, { numRuns: 200 })
})

t.test(
  'Chain.save: fields that are undefined are dropped, and an undefined state is not restored',
  async t => {
    for (const [state, expected] of [
      [{ a: undefined, b: 1 }, { state: { b: 1 } }],
      [undefined, {}],
      [null, { state: null }],
    ]) {
      const given: unknown[] = []
      const saved = savedBy(chainOf(withMethods({ save: () => state })).chain)
      t.strictSame(saved.operators, [{ name: 'mine', ...(expected as object), counts: counted({}) }])
      const restore = (state: unknown) => void given.push(state)
      chainOf(withMethods({ restore })).chain.restore(saved)
      t.strictSame(given, Object.values(expected as object))
    }
  },
)

t.test('Chain.restore: a state for an operator without restore is refused', async t => {
  const { chain } = chainOf(filter(() => true))
  t.throws(() => chain.restore(stateOf([{ name: 'filter', state: 1, counts: counted({}) }])), {
    code: 'OPERATOR',
    message: 'filter: restore(): there is a saved state, but no restore() to receive it',
  })
})

t.test('Chain.restore: the state of other operators is refused with CHECKPOINT', async t => {
  for (const [names, has] of [
    [['filter'], 'filter'],
    [['filter', 'map', 'map'], 'filter, map, map'],
    [['map', 'filter'], 'map, filter'],
    [[], 'none'],
  ] as const) {
    const { chain } = chainOf(
      filter(() => true),
      map(value => value),
    )
    const state = stateOf(names.map(name => ({ name, counts: counted({ in: 1, out: 1 }) })))
    t.throws(() => chain.restore(state), {
      code: 'CHECKPOINT',
      message: `the checkpoint belongs to other operators: it has ${has}, the run has filter, map`,
    })
  }
})

t.test("Chain.restore: an operator's own counts continue, whether its restore sets them or not", async t => {
  const counting = (restores: boolean) => () =>
    operator<number>({
      name: 'counting',
      create() {
        let odd = 0
        return {
          step(n, emit) {
            if (n % 2 !== 0) odd += 1
            emit(n)
          },
          save: () => odd,
          restore(state) {
            if (restores) odd = Number(state)
          },
          counts: () => (odd === 0 ? ({} as Record<string, number>) : { odd }),
        }
      },
    })
  for (const make of [counting(true), counting(false)]) {
    let saved: BranchState | undefined
    for (const expected of [2, 4, 6]) {
      const { chain } = chainOf(make())
      if (saved !== undefined) chain.restore(saved)
      for (const n of [1, 2, 3]) await chain.receive(n)
      t.strictSame(chain.counts, [
        { name: 'counting', in: (expected * 3) / 2, out: (expected * 3) / 2, own: { odd: expected } },
      ])
      saved = savedBy(chain)
    }
  }
})

t.test(
  "Chain.save: an operator's own counts do not replace the chain's, and only numbers are saved",
  async t => {
    const numbers = { in: 7, out: 7, unused: 7, name: 7, own: 1 }
    const counts = { ...numbers, share: Number.NaN, word: 'w' }
    const { chain } = chainOf(withMethods({ counts: () => counts as never }))
    t.strictSame(chain.counts, [{ name: 'mine', in: 0, out: 0, own: { ...numbers, share: Number.NaN } }])
    t.strictSame(savedBy(chain).operators, [{ name: 'mine', counts: counted({ own: numbers }) }])
  },
)

t.test('Chain.restore: the counts of elements that are not records continue', async t => {
  const stages = () => [validate({ onInvalid: 'skip' })]
  const before = chainOf(...stages())
  for (const value of [rejected(), { guid: 'a' }, {}, rejected()]) await before.chain.receive(value)
  const after = chainOf(...stages())
  after.chain.restore(savedBy(before.chain))
  t.equal(after.chain.main.rejected, 2)
  await after.chain.receive(rejected())
  t.equal(after.chain.main.rejected, 3)
  t.strictSame(after.chain.counts, [
    { name: 'validate', in: 2, out: 1, own: { valid: 1, skipped: 4, rejected: 3 } },
  ])
})

t.test('Chain.restore: maxInvalid counts over all starts, as a number and as a share', async t => {
  const bad = {}
  const good = { guid: 'g' }
  for (const [maxInvalid, first, second] of [
    [3, [bad, good, bad], [bad, bad]],
    [0.01, [...Array(995).fill(good), ...Array(6).fill(bad)], Array(5).fill(bad)],
  ] as const) {
    const make = () => validate({ onInvalid: 'skip', maxInvalid })
    const before = chainOf(make())
    for (const value of first) await before.chain.receive(value)
    const after = chainOf(make())
    after.chain.restore(savedBy(before.chain))
    for (const value of second.slice(0, -1)) await after.chain.receive(value)
    t.match(await failureOf(async () => after.chain.receive(second.at(-1))), {
      code: 'INVALID_LEAD',
      message: new RegExp(`^${first.filter(value => value === bad).length + second.length} of `),
    })
  }
})

t.test('Chain.restore: maxInvalid as a share is checked at the end over all starts', async t => {
  const make = () => validate({ onInvalid: 'skip', maxInvalid: 0.5 })
  const before = chainOf(make())
  for (const value of [{ guid: 'a' }, { guid: 'b' }, {}]) await before.chain.receive(value)
  const saved = savedBy(before.chain)
  const one = chainOf(make()).chain
  one.restore(saved)
  await one.receive({})
  await t.resolves(one.flush(), '2 of 4 records are invalid, 1 of them since the restart')
  const two = chainOf(make()).chain
  two.restore(saved)
  await two.receive({})
  await two.receive({})
  t.match(await failureOf(two.flush()), { code: 'INVALID_LEAD', message: /^3 of 5 records/ })
})

t.test('Chain.restore: a chain that was done is done at once', async t => {
  const untilFive = operator<number>('untilFive', (n, emit) => (n < 5 ? emit(n) : done))
  for (const stages of [
    () => [take<number>(2)],
    () => [map(async (n: number) => n), take<number>(2), inPairs()],
    () => [untilFive],
    () => [take<number>(0)],
  ]) {
    const before = chainOf(...stages())
    for (const n of [3, 4, 5, 6]) await before.chain.receive(n)
    t.ok(before.chain.isDone)
    const after = chainOf(...stages())
    t.notOk(after.chain.isDone)
    after.chain.restore(savedBy(before.chain))
    t.ok(after.chain.isDone)
    await after.chain.receive(1)
    await before.chain.receive(1)
    t.strictSame(after.out, [])
    t.strictSame(after.chain.counts, before.chain.counts)
  }
})

/** Emits each value once; counts the repeats, and emits their number at the end. */
const distinct = (wait: boolean) =>
  operator<number>({
    name: 'distinct',
    create() {
      const seen = new Set<number>()
      let repeats = 0
      return {
        async step(n, emit) {
          if (wait) await turns(n % 2)
          if (seen.has(n)) repeats += 1
          else emit(n)
          seen.add(n)
        },
        async flush(emit) {
          if (wait) await turns(1)
          emit(repeats)
        },
        save: () => ({ seen: [...seen], repeats }),
        restore(state) {
          const saved = state as { seen: number[]; repeats: number }
          for (const n of saved.seen) seen.add(n)
          repeats = saved.repeats
        },
        counts: () => ({ repeats }),
      }
    },
  })

/** Emits values in threes, last first; its own counts start from 0 at each restart. */
const inThrees = () =>
  operator<number>({
    name: 'inThrees',
    create() {
      let held: number[] = []
      let threes = 0
      return {
        step(n, emit) {
          held.unshift(n)
          if (held.length < 3) return
          threes += 1
          for (const value of held) emit(value)
          held = []
        },
        flush(emit) {
          for (const value of held) emit(value)
        },
        save: () => held,
        restore(state) {
          held = state as number[]
        },
        counts: () => ({ threes }),
      }
    },
  })

const small = fc.integer({ min: 1, max: 5 })
const fromTwo = validate<number>({ schema: { type: 'integer', minimum: 2 }, onInvalid: 'skip' })
const any = validate<number>({ schema: {}, onInvalid: 'skip' })
type Make = () => Operator<number, number>

/** Operators whose last record can always be undone. */
const undoable: fc.Arbitrary<Make>[] = [
  small.map(k => () => filter((n: number) => n % (k + 1) !== 0)),
  small.map(k => () => map((n: number) => n + k)),
  fc.constant(() => peek<number>(() => {})),
  fc.constant(() =>
    operator<number>('repeat', (n, emit) => {
      for (let copy = 0; copy < n % 4; copy += 1) emit(n + copy)
    }),
  ),
  fc.nat(12).map(k => () => take<number>(k)),
  small.map(k => () => operator<number>('until', (n, emit) => (n % 7 === k ? done : emit(n)))),
  fc.constant(() => fromTwo),
]
const stage: fc.Arbitrary<Make> = fc.oneof(
  ...undoable,
  small.map(k => () => filter(async (n: number) => n % (k + 1) !== 0)),
  fc.constant(() =>
    map(async (n: number) => {
      await turns(n % 2)
      return n
    }),
  ),
  fc.boolean().map(wait => () => distinct(wait)),
  fc.constant(inThrees),
)

const value = fc.oneof(
  { weight: 8, arbitrary: fc.nat(30) },
  { weight: 1, arbitrary: fc.constant(rejected()) },
)

/** These operators in sequence, then one that accepts elements that are not records. */
const all =
  (...stages: readonly Make[]): Make =>
  () =>
    [...stages, () => any].map(one => one()).reduce((before, after) => compose(before, after))

t.test(
  'Chain.restore: any operators emit and count the same with restarts at any saves as without',
  async t => {
    const property = fc.asyncProperty(
      fc.array(stage, { maxLength: 5 }),
      fc.array(value, { maxLength: 30 }),
      fc.array(fc.nat(30), { maxLength: 4 }),
      async (stages, values, cuts) => {
        const make = all(...stages)
        const ascending = cuts.toSorted((a, b) => a - b)
        assert.deepEqual(
          await runWithRestarts(ascending, values, make),
          await runWithRestarts([], values, make),
        )
      },
    )
    await t.resolves(fc.assert(property, { numRuns: 300 }))
  },
)

/** Passes values through, and throws at `bad`; the repaired version has the same name. */
const failingAt = (bad: number | undefined) =>
  map((n: number) => {
    if (n === bad) throw new Error('boom')
    return n
  })

t.test('Chain.undo: after a failing record the save is the same as before that record', async t => {
  const { chain, out } = chainOf(
    filter((n: number) => n > 0),
    take(5),
    failingAt(3),
  )
  chain.rememberRecords()
  for (const n of [0, 1, 2]) await chain.receive(n)
  const before = chain.save()
  await failureOf(async () => chain.receive(3))
  t.notSame(chain.save(), before)
  t.ok(chain.undo())
  t.strictSame(chain.save(), before)
  t.strictSame(out, [1, 2])
})

t.test('Chain.undo: records emitted for a failing record before it failed do not reach the sink', async t => {
  const { chain, out } = chainOf(
    explode<{ of: number[] }, 'of'>('of'),
    map(({ of }) => of),
    failingAt(3),
  )
  chain.rememberRecords()
  await chain.receive({ of: [0, 1] })
  const before = chain.save()
  await failureOf(async () => chain.receive({ of: [2, 3, 4] }))
  t.strictSame(out, [0, 1])
  t.ok(chain.undo())
  t.strictSame(chain.save(), before)
})

t.test('Chain.undo: an operator that was done at a failing record is not done after the restart', async t => {
  const stages = (bad?: number) => [take<number>(2), failingAt(bad)]
  const { chain } = chainOf(...stages(2))
  chain.rememberRecords()
  await chain.receive(1)
  const before = chain.save()
  await failureOf(async () => chain.receive(2))
  t.ok(chain.undo())
  t.strictSame(chain.save(), before)
  const after = chainOf(...stages())
  after.chain.restore(savedBy(chain))
  t.notOk(after.chain.isDone)
  await after.chain.receive(2)
  t.strictSame(after.out, [2])
  t.ok(after.chain.isDone)
})

t.test('Chain.undo: values of a failing record that an operator left unused are not counted', async t => {
  const stages = (bad?: number) => [
    operator<number>('thrice', (n, emit) => {
      for (let copy = 0; copy < 3; copy += 1) emit(n)
    }),
    failingAt(bad),
    validate<number>({ schema: {} }),
  ]
  const { chain } = chainOf(...stages(2))
  chain.rememberRecords()
  await chain.receive(1)
  const before = chain.save()
  await failureOf(async () => chain.receive(2))
  t.ok(chain.undo())
  t.strictSame(chain.save(), before)
})

t.test('Chain.undo: an asynchronous step that fails before it emits is undone', async t => {
  const { chain } = chainOf(
    take<number>(9),
    map(async (n: number) => {
      await turns(1)
      if (n === 2) throw new Error('boom')
      return n
    }),
  )
  chain.rememberRecords()
  await chain.receive(1)
  const before = chain.save()
  await failureOf(async () => chain.receive(2))
  t.ok(chain.undo())
  t.strictSame(chain.save(), before)
})

t.test('Chain.undo: a record is not undone if a part of it has reached the sink', async t => {
  const { chain, out } = chainOf(
    operator<number>('twice', async (n, emit) => {
      await null
      emit(n)
      await null
      throw new Error('boom')
    }),
  )
  chain.rememberRecords()
  await failureOf(async () => chain.receive(1))
  t.strictSame(out, [1])
  t.notOk(chain.undo())
})

t.test("Chain.undo: a record is undone in a user's operator only if that holds nothing of it", async t => {
  const step = (value: unknown, emit: (value: unknown) => void) => emit(value)
  const own = (methods: object) => operator<unknown>({ name: 'own', create: () => ({ step, ...methods }) })
  const boom = map(() => {
    throw new Error('boom')
  })
  const none = filter(() => false)
  const save = () => 1
  const counts = () => ({ seen: 1 })
  for (const [what, stages, isUndone] of [
    ['an operator from a step function', [operator<unknown>('own', step), boom], true],
    ['an operator without state', [own({}), boom], true],
    ['an operator that saves a state', [own({ save, restore() {} }), boom], false],
    ['an operator with counts', [own({ counts }), boom], false],
    ['an operator with a state that the record did not reach', [boom, own({ save, restore() {} })], true],
    ['an operator with a state after a filter', [peek(() => {}), none, own({ save, restore() {} })], true],
  ] as [string, Operator<never, unknown>[], boolean][]) {
    const { chain } = chainOf(...stages)
    chain.rememberRecords()
    await failureOf(async () => {
      await chain.receive(1)
      throw new Error('passed')
    })
    t.equal(chain.undo(), isUndone, what)
  }
})

t.test(
  'Chain.undo: the lead that exceeds maxInvalid is undone, and its second quarantine record is not written',
  async t => {
    const quarantined: unknown[] = []
    const make = (maxInvalid: number) => {
      const chain = new Chain(
        branchOf(
          validate({ onInvalid: 'quarantine', quarantine: 'q.ndjson', maxInvalid })[recipe],
          { write() {} },
          [{ quarantine: { write: (record: unknown) => void quarantined.push(record) } }],
        ),
        { done() {}, failed() {} },
      )
      chain.rememberRecords()
      return chain
    }
    for (const bad of [{ no: 'guid' }, rejected()]) {
      quarantined.length = 0
      const chain = make(1)
      for (const value of [{ guid: 'a' }, bad]) await chain.receive(value)
      const before = chain.save()
      t.match(await failureOf(async () => chain.receive(bad)), { code: 'INVALID_LEAD' })
      t.equal(quarantined.length, 1)
      t.ok(chain.undo())
      t.strictSame(chain.save(), before)
      const after = make(2)
      after.restore(savedBy(chain))
      await after.receive(bad)
      t.equal(quarantined.length, 2)
      t.strictSame(
        after.equations().filter(({ values: [left, right] }) => left !== right),
        [],
      )
    }
  },
)

t.test('Chain.undo: no record is undone if a sink failed, or if records were not remembered', async t => {
  const boom = new Error('boom')
  const failing = chainOfDefinitions(map(value => value)[recipe], {
    write() {
      throw boom
    },
  })
  failing.chain.rememberRecords()
  await failureOf(async () => failing.chain.receive(1))
  t.notOk(failing.chain.undo())
  const forgetful = chainOf(failingAt(1))
  await failureOf(async () => forgetful.chain.receive(1))
  t.notOk(forgetful.chain.undo())
})

t.test(
  'Chain.undo: any operators, repaired and restarted after a failing record, emit and count the same',
  async t => {
    const property = fc.asyncProperty(
      fc.array(fc.oneof(...undoable), { maxLength: 4 }),
      fc.array(fc.oneof(...undoable), { maxLength: 2 }),
      fc.array(value, { maxLength: 20 }),
      fc.nat(30),
      async (before, after, values, bad) => {
        const make = (bad?: number) => all(...before, () => failingAt(bad), ...after)()
        const first = chainOf(make(bad))
        first.chain.rememberRecords()
        let received = 0
        try {
          for (; received < values.length; received += 1) await first.chain.receive(values[received])
        } catch {
          assert.ok(first.chain.undo())
        }
        const second = chainOf(make())
        second.chain.rememberRecords()
        second.chain.restore(savedBy(first.chain))
        for (const value of values.slice(received)) await second.chain.receive(value)
        await second.chain.flush()
        const undisturbed = await runWithRestarts([], values, make)
        assert.deepEqual([...first.out, ...second.out], undisturbed.out)
        assert.deepEqual(second.chain.counts, undisturbed.counts)
        const wrong = second.chain.equations().filter(({ values: [left, right] }) => left !== right)
        assert.deepEqual(wrong, [])
      },
    )
    await t.resolves(fc.assert(property, { numRuns: 300 }))
  },
)
