import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import type { Operator } from '../../../lib/index.ts'
import { Rejected } from '../../../lib/model/Rejected.ts'
import { compose } from '../../../lib/operators/compose.ts'
import { filter } from '../../../lib/operators/filter.ts'
import { done } from '../../../lib/operators/kernel/definition.ts'
import { map } from '../../../lib/operators/map.ts'
import { operator } from '../../../lib/operators/operator.ts'
import { peek } from '../../../lib/operators/peek.ts'
import { take } from '../../../lib/operators/take.ts'
import { validate } from '../../../lib/operators/validate.ts'
import { turns } from '../../support/turns.ts'
import { continuedAt } from '../continuedAt.ts'

/** Hands on what it has not seen; counts what it has, and gives their number at the end. */
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

/** Holds values back and hands them on in threes, last first; its counts begin with 0 each time. */
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
const stage: fc.Arbitrary<() => Operator<number, number>> = fc.oneof(
  small.map(k => () => filter((n: number) => n % (k + 1) !== 0)),
  small.map(k => () => filter(async (n: number) => n % (k + 1) !== 0)),
  small.map(k => () => map((n: number) => n + k)),
  fc.constant(() =>
    map(async (n: number) => {
      await turns(n % 2)
      return n
    }),
  ),
  fc.constant(() => peek<number>(() => {})),
  fc.constant(() =>
    operator<number>('repeat', (n, emit) => {
      for (let copy = 0; copy < n % 4; copy += 1) emit(n + copy)
    }),
  ),
  fc.boolean().map(wait => () => distinct(wait)),
  fc.constant(inThrees),
  fc.nat(12).map(k => () => take<number>(k)),
  small.map(k => () => operator<number>('until', (n, emit) => (n % 7 === k ? done : emit(n)))),
  fc.constant(() => fromTwo),
)

const value = fc.oneof(
  { weight: 8, arbitrary: fc.nat(30) },
  {
    weight: 1,
    arbitrary: fc.constant(new Rejected('malformed', 'no JSON', '{', { page: 1, element: 0, byte: 0 })),
  },
)

t.test(
  'any sequence of operators, restarted at any marks, does and counts what one undisturbed does',
  async t => {
    const property = fc.asyncProperty(
      fc.array(stage, { maxLength: 5 }),
      fc.array(value, { maxLength: 30 }),
      fc.array(fc.nat(30), { maxLength: 4 }),
      async (stages, values, cuts) => {
        // Somebody has to take what is no lead.
        const all = [...stages, () => any]
        const make = () => all.map(one => one()).reduce((before, after) => compose(before, after))
        const ascending = cuts.toSorted((a, b) => a - b)
        assert.deepEqual(await continuedAt(ascending, values, make), await continuedAt([], values, make))
      },
    )
    await t.resolves(fc.assert(property, { numRuns: 300 }))
  },
)
