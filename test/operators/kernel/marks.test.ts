import assert from 'node:assert/strict'
import { PassThrough, Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import fc from 'fast-check'
import t from 'tap'
import type { Operator, OperatorInstance, StepDefinition } from '../../../lib/index.ts'
import { Mark, type OperatorMark } from '../../../lib/model/Mark.ts'
import { Rejected } from '../../../lib/model/Rejected.ts'
import { compose } from '../../../lib/operators/compose.ts'
import { filter } from '../../../lib/operators/filter.ts'
import { Chain } from '../../../lib/operators/kernel/Chain.ts'
import { done, type OwnStepDefinition } from '../../../lib/operators/kernel/definition.ts'
import { Operator as OperatorStream } from '../../../lib/operators/kernel/Operator.ts'
import type { OperatorCounts } from '../../../lib/operators/kernel/OperatorCounts.ts'
import { map } from '../../../lib/operators/map.ts'
import { operator } from '../../../lib/operators/operator.ts'
import { take } from '../../../lib/operators/take.ts'
import { validate } from '../../../lib/operators/validate.ts'
import { toArray } from '../../../lib/sinks/toArray.ts'
import { failureOf } from '../../support/failureOf.ts'
import { turns } from '../../support/turns.ts'

const aMark = () => new Mark(undefined, async () => {})
const rejected = () => new Rejected('malformed', 'no JSON', '{', { page: 1, element: 0, byte: 0 })

/** A chain of operators, and what comes out of it. */
function chainOf(...operators: Operator<never, unknown>[]): { chain: Chain; out: unknown[] } {
  const out: unknown[] = []
  const definitions = operators.flatMap(part => part.definitions) as StepDefinition<never, unknown>[]
  return { chain: new Chain(definitions, value => out.push(value)), out }
}

/** What a checkpoint keeps of a chain: it goes through a file. */
async function savedBy(chain: Chain): Promise<OperatorMark[]> {
  const mark = aMark()
  await chain.write(mark)
  return JSON.parse(JSON.stringify(mark.operators))
}

/** An operator that hands values on and whose instances have these methods, too. */
const withMethods = (methods: Partial<OperatorInstance<unknown, unknown>>) =>
  operator<unknown>({
    name: 'mine',
    create: () => ({ step: (value, emit) => emit(value), ...methods }),
  })

/** Gives values in pairs; counts them in a number that it does not save. */
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

t.test('a mark passes behind what came before it, and takes name, state and counts along', async t => {
  const { chain, out } = chainOf(
    map((n: number) => n + 1),
    inPairs(),
    take(5),
  )
  for (const n of [1, 2, 3]) chain.write(n)
  const mark = aMark()
  t.equal(chain.write(mark), undefined)
  t.strictSame(out, [[2, 3], mark])
  t.strictSame(mark.operators, [
    { name: 'map', counts: { in: 3, out: 3 } },
    { name: 'inPairs', state: [4], counts: { in: 3, out: 1, odd: 1 } },
    { name: 'take', state: 1, counts: { in: 1, out: 1 } },
  ])
})

t.test('a mark is no value: it is not counted, and no step sees it', async t => {
  const seen: unknown[] = []
  const { chain, out } = chainOf(
    operator<unknown>('look', value => {
      seen.push(value)
    }),
  )
  const mark = aMark()
  await chain.write(mark)
  t.strictSame(seen, [])
  t.strictSame(out, [mark])
  t.strictSame(chain.counts, [{ name: 'look', in: 0, out: 0 }])
})

t.test('a mark waits for the steps that are under way', async t => {
  const { chain, out } = chainOf(
    map(async (n: number) => {
      await turns(3)
      return n
    }),
    map(async (n: number) => n * 2),
  )
  const writing = chain.write(4)
  const mark = aMark()
  const passing = chain.write(mark)
  t.strictSame(out, [])
  await Promise.all([writing, passing])
  t.strictSame(out, [8, mark])
  t.match(mark.operators, [{ counts: { in: 1, out: 1 } }, { counts: { in: 1, out: 1 } }])
})

t.test('what a mark was told does not change when the operator goes on', async t => {
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
  await chain.write(1)
  const mark = aMark()
  await chain.write(mark)
  await chain.write(2)
  t.strictSame(mark.operators[0]?.state, { held: [1] })
})

t.test('onMark of each operator is called when all have told the mark, before it goes on', async t => {
  const calls: string[] = []
  const definition = (name: string): OwnStepDefinition<unknown, unknown> => ({
    name,
    stateless: true,
    create: () => ({ step: (value, emit) => emit(value) }),
    onMark: mark => {
      calls.push(`${name} ${mark.operators.length}`)
    },
  })
  const chain = new Chain([definition('a'), definition('b')], () => calls.push('out'))
  await chain.write(aMark())
  t.strictSame(calls, ['a 2', 'b 2', 'out'])
})

t.test('an onMark that throws fails the chain, and the mark does not go on', async t => {
  const lost = new Error('lost')
  const out: unknown[] = []
  const chain = new Chain(
    [
      {
        name: 'a',
        create: () => ({ step() {} }),
        onMark() {
          throw lost
        },
      },
    ],
    value => out.push(value),
  )
  t.equal(await failureOf(async () => chain.write(aMark())), lost)
  t.equal(await failureOf(async () => chain.write(1)), lost)
  t.strictSame(out, [])
})

t.test('after a failure no mark passes', async t => {
  const { chain, out } = chainOf(
    map(() => {
      throw new Error('no')
    }),
  )
  await failureOf(async () => chain.write(1))
  t.match(await failureOf(async () => chain.write(aMark())), { code: 'OPERATOR', message: 'map: no' })
  t.strictSame(out, [])
})

t.test('a save that throws, and a restore, are OPERATOR errors with the name and the cause', async t => {
  const boom = new Error('boom')
  const fail = () => {
    throw boom
  }
  const saving = chainOf(withMethods({ save: fail }))
  t.match(await failureOf(async () => saving.chain.write(aMark())), {
    code: 'OPERATOR',
    message: 'mine: save(): boom',
    context: { operator: 'mine' },
    cause: boom,
  })
  t.match(await failureOf(async () => saving.chain.write(1)), { message: 'mine: save(): boom' })
  t.strictSame(saving.out, [])
  const { chain } = chainOf(withMethods({ restore: fail }))
  t.match(await failureOf(() => chain.restore([{ name: 'mine', state: 1, counts: {} }])), {
    code: 'OPERATOR',
    message: 'mine: restore(): boom',
    cause: boom,
  })
})

class Own {
  a = 1
}
const round: Record<string, unknown> = {}
round.again = { round }

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
  'an object that holds itself': round,
})) {
  t.test(`a state with ${what} is refused: JSON would lose it`, async t => {
    const { chain, out } = chainOf(withMethods({ save: () => state }))
    t.match(await failureOf(async () => chain.write(aMark())), {
      code: 'OPERATOR',
      message: `mine: what save() returns must be plain JSON, found ${what}`,
    })
    t.strictSame(out, [])
  })
}

t.test('a hole in an array is refused as well', async t => {
  const { chain } = chainOf(withMethods({ save: () => new Array(2) }))
  t.match(await failureOf(async () => chain.write(aMark())), { message: /found undefined$/ })
})

t.test('a state that is plain JSON comes through a file as it is', async t => {
  const shared = { x: 1 }
  const property = fc.asyncProperty(fc.jsonValue(), async json => {
    const state = JSON.parse(JSON.stringify({ json, twice: [shared, shared] }))
    let restored: unknown
    const { chain } = chainOf(withMethods({ save: () => state }))
    const saved = await savedBy(chain)
    chainOf(
      withMethods({
        restore(given) {
          restored = given
        },
      }),
    ).chain.restore(saved)
    assert.deepStrictEqual(restored, state)
  })
  await t.resolves(fc.assert(property, { numRuns: 200 }))
})

t.test('a field that is undefined is no field, and a state that is undefined is none', async t => {
  for (const [state, expected] of [
    [{ a: undefined, b: 1 }, { state: { b: 1 } }],
    [undefined, {}],
    [null, { state: null }],
  ]) {
    const given: unknown[] = []
    const { chain } = chainOf(withMethods({ save: () => state }))
    const saved = await savedBy(chain)
    t.strictSame(saved, [{ name: 'mine', ...(expected as object), counts: { in: 0, out: 0 } }])
    chainOf(
      withMethods({
        restore(state) {
          given.push(state)
        },
      }),
    ).chain.restore(saved)
    t.strictSame(given, Object.values(expected as object))
  }
})

t.test('a state that nobody takes is refused', t => {
  const { chain } = chainOf(map(value => value))
  t.throws(() => chain.restore([{ name: 'map', state: 1, counts: {} }]), {
    code: 'OPERATOR',
    message: 'map: restore(): there is a saved state, and none to take it',
  })
  t.end()
})

t.test('what other operators told a mark is refused with CHECKPOINT', t => {
  const entry = (name: string): OperatorMark => ({ name, counts: { in: 1, out: 1 } })
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
    t.throws(() => chain.restore(names.map(entry)), {
      code: 'CHECKPOINT',
      message: `the checkpoint is of other operators: it has ${has}, the run has filter, map`,
    })
  }
  t.end()
})

t.test('numbers of its own go on, whether restore takes them up or not', async t => {
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
    let saved: OperatorMark[] | undefined
    for (const expected of [2, 4, 6]) {
      const { chain } = chainOf(make())
      if (saved !== undefined) chain.restore(saved)
      for (const n of [1, 2, 3]) await chain.write(n)
      t.strictSame(chain.counts, [
        { name: 'counting', in: (expected * 3) / 2, out: (expected * 3) / 2, odd: expected },
      ])
      saved = await savedBy(chain)
    }
  }
})

t.test(
  'numbers of its own do not pass for those of the chain, and what is no number is not saved',
  async t => {
    const counts = { in: 7, out: 7, unused: 7, name: 7, share: Number.NaN, word: 'w', own: 1 }
    const { chain } = chainOf(withMethods({ counts: () => counts as never }))
    t.strictSame(chain.counts, [{ name: 'mine', in: 0, out: 0, share: Number.NaN, word: 'w', own: 1 }])
    t.strictSame(await savedBy(chain), [{ name: 'mine', counts: { in: 0, out: 0, own: 1 } }])
  },
)

t.test('elements that are no leads are counted on', async t => {
  const stages = () => [validate({ onInvalid: 'skip' })]
  const before = chainOf(...stages())
  for (const value of [rejected(), { guid: 'a' }, {}, rejected()]) await before.chain.write(value)
  const after = chainOf(...stages())
  after.chain.restore(await savedBy(before.chain))
  t.equal(after.chain.rejected, 2)
  await after.chain.write(rejected())
  t.equal(after.chain.rejected, 3)
  t.strictSame(after.chain.counts, [{ name: 'validate', in: 2, out: 1, valid: 1, skipped: 4, rejected: 3 }])
})

t.test('maxInvalid counts over a restart: a number of them, and a share', async t => {
  const bad = {}
  const good = { guid: 'g' }
  for (const [maxInvalid, first, second] of [
    [3, [bad, good, bad], [bad, bad]],
    [0.01, [...Array(995).fill(good), ...Array(6).fill(bad)], Array(5).fill(bad)],
  ] as const) {
    const make = () => validate({ onInvalid: 'skip', maxInvalid })
    const before = chainOf(make())
    for (const value of first) await before.chain.write(value)
    const after = chainOf(make())
    after.chain.restore(await savedBy(before.chain))
    for (const value of second.slice(0, -1)) await after.chain.write(value)
    t.match(await failureOf(async () => after.chain.write(second.at(-1))), {
      code: 'INVALID_LEAD',
      message: new RegExp(`^${first.filter(value => value === bad).length + second.length} of `),
    })
  }
})

t.test('maxInvalid as a share is looked at over all at the end', async t => {
  const make = () => validate({ onInvalid: 'skip', maxInvalid: 0.5 })
  const before = chainOf(make())
  for (const value of [{ guid: 'a' }, { guid: 'b' }, {}]) await before.chain.write(value)
  const saved = await savedBy(before.chain)
  const one = chainOf(make()).chain
  one.restore(saved)
  await one.write({})
  await t.resolves(one.flush(), 'two of four, where the two since the restart alone would be all')
  const two = chainOf(make()).chain
  two.restore(saved)
  await two.write({})
  await two.write({})
  t.match(await failureOf(two.flush()), { code: 'INVALID_LEAD', message: /^3 of 5 leads/ })
})

t.test('a mark behind `done` passes, and the chain that goes on from it is done at once', async t => {
  const untilFive = operator<number>('untilFive', (n, emit) => (n < 5 ? emit(n) : done))
  for (const stages of [
    () => [take<number>(2)],
    () => [map(async (n: number) => n), take<number>(2), inPairs()],
    () => [untilFive],
    () => [take<number>(0)],
  ]) {
    const before = chainOf(...stages())
    for (const n of [3, 4, 5, 6]) await before.chain.write(n)
    t.ok(before.chain.done)
    const saved = await savedBy(before.chain)
    const after = chainOf(...stages())
    t.notOk(after.chain.done)
    after.chain.restore(saved)
    t.ok(after.chain.done)
    await after.chain.write(1)
    await before.chain.write(1)
    t.strictSame(after.out, [])
    t.strictSame(after.chain.counts, before.chain.counts)
  }
})

t.test('Operator: a mark stands in the stream where it stood before', async t => {
  const marks = [aMark(), aMark(), aMark()]
  const sink = toArray({ max: 9 })
  const operators = compose(
    filter((n: number) => n > 1),
    map(async n => n * 2),
  )
  await pipeline(Readable.from([marks[0], 1, 2, marks[1], 3, marks[2]]), operators, sink)
  t.equal(sink.records[0], marks[0])
  t.strictSame(sink.records, [marks[0], 4, marks[1], 6, marks[2]])
  t.strictSame(
    marks.map(mark => mark.operators.map(({ counts }) => counts.in)),
    [
      [0, 0],
      [2, 1],
      [3, 2],
    ],
  )
})

t.test(
  'Operator: goes on from a mark with states and counts, and tells them before the first value',
  async t => {
    const mark = aMark()
    const first = new OperatorStream<number, unknown>(compose(inPairs(), take(3)).definitions)
    await pipeline(Readable.from([1, 2, 3, mark]), first, toArray({ max: 9 }))
    const second = new OperatorStream<number, unknown>(first.definitions)
    second.restore(JSON.parse(JSON.stringify(mark.operators)))
    const counts: OperatorCounts[] = [
      { name: 'inPairs', in: 3, out: 1, odd: 2 },
      { name: 'take', in: 1, out: 1 },
    ]
    t.strictSame(second.counts, counts)
    t.equal(second.rejected, 0)
    t.notOk(second.done)
    const sink = toArray({ max: 9 })
    await pipeline(Readable.from([4]), second, sink)
    t.strictSame(sink.records, [[3, 4]])
  },
)

t.test('Operator: restored when it wanted no more, it says so, and does not call onDone again', async t => {
  let told = 0
  const onDone = () => {
    told += 1
  }
  const { definitions } = take(1)
  const mark = aMark()
  await pipeline(Readable.from([1, mark]), new OperatorStream(definitions, onDone), toArray({ max: 9 }))
  t.equal(told, 1)
  const after = new OperatorStream(definitions, onDone)
  after.restore(mark.operators)
  t.ok(after.done)
  const sink = toArray({ max: 9 })
  await pipeline(Readable.from([2]), after, sink)
  t.strictSame(sink.records, [])
  t.equal(told, 1)
})

t.test('Operator: what fails at a mark fails the stream', async t => {
  const failing = withMethods({ save: () => new PassThrough() })
  t.match(await failureOf(pipeline(Readable.from([aMark()]), failing, toArray({ max: 9 }))), {
    code: 'OPERATOR',
    message: 'mine: what save() returns must be plain JSON, found an object of class PassThrough',
  })
})
