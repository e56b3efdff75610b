import fc from 'fast-check'
import t from 'tap'
import { dedupe } from '../../lib/operators/dedupe.ts'
import { take } from '../../lib/operators/take.ts'
import { run } from '../../lib/run/run.ts'
import { toArray } from '../../lib/sinks/toArray.ts'
import { recipe } from '../../lib/streams/attach.ts'
import { chainOfDefinitions } from '../engine/chainOf.ts'
import { failureOf } from '../support/failureOf.ts'
import { runWithRestarts } from './runWithRestarts.ts'

type Value = { k: unknown; at: number }
const withKeys = (keys: readonly unknown[]): Value[] => keys.map((k, at) => ({ k, at }))
const places = (out: unknown[]) => (out as Value[]).map(({ at }) => at)
const keptOf = async (keys: readonly unknown[], options: Parameters<typeof dedupe>[1]) =>
  places((await runWithRestarts([], withKeys(keys), () => dedupe<unknown>('k', options))).out)

t.test('dedupe: exact emits the first value of each key', async t => {
  t.strictSame(await keptOf(['a', 'b', 'a', 'c', 'b', 'a'], { exact: true }), [0, 1, 3])
})

t.test(
  'dedupe: the last keys are those that occurred last, whether as first or as repeated ones',
  async t => {
    t.strictSame(await keptOf(['a', 'b', 'c', 'a'], { last: 2 }), [0, 1, 2, 3])
    t.strictSame(await keptOf(['a', 'b', 'a', 'c', 'a', 'b'], { last: 2 }), [0, 1, 3, 5])
    t.strictSame(await keptOf(['a', 'a', 'b', 'a'], { last: 1 }), [0, 2, 3])
  },
)

t.test('dedupe: keys of different types differ, and values without a key are all emitted', async t => {
  const keys = [1, '1', true, 'true', 1n, 0, -0, '', undefined, null, '', undefined, null]
  t.strictSame(await keptOf([...keys, ...keys], { exact: true }), [
    ...[0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12],
    ...[20, 21, 22, 23, 24, 25],
  ])
})

t.test('dedupe: it agrees with a list of all keys, with restarts at any place', async t => {
  const property = fc.asyncProperty(
    fc.array(fc.integer({ min: 0, max: 6 })),
    fc.integer({ min: 1, max: 8 }),
    fc.array(fc.nat(40)),
    async (keys, last, at) => {
      const cuts = [...new Set(at.filter(cut => cut <= keys.length))].toSorted((a, b) => a - b)
      for (const size of [last, undefined]) {
        const options = size === undefined ? { exact: true as const } : { last: size }
        const make = () => dedupe<unknown>('k', options)
        const { out } = await runWithRestarts(cuts, withKeys(keys), make)
        let seen: number[] = []
        const expected = keys.flatMap((key, place) => {
          const isNew = !seen.includes(key)
          seen = [...seen.filter(other => other !== key), key].slice(-(size ?? 99))
          return isNew ? [place] : []
        })
        t.strictSame(places(out), expected)
      }
    },
  )
  await fc.assert(property, { numRuns: 100 })
})

t.test('dedupe: a function makes the key, and the report counts what was left out', async t => {
  const sink = toArray<Value>({ max: 9 })
  const report = await run(
    withKeys(['a', 'A', 'b', 'B']),
    dedupe(value => String(value.k).toLowerCase(), { exact: true }),
    take(2),
    sink,
  )
  t.strictSame(places(sink.records), [0, 2])
  t.match(report.operators[0], { name: 'dedupe', in: 3, out: 2, own: { repeated: 1 } })
})

t.test('dedupe: more keys than allowed are an OPERATOR error that says what to do', async t => {
  const failure = await failureOf(
    run(
      [{ guid: 'a' }, { guid: 'a' }, { guid: 'b' }, { guid: 'c' }],
      dedupe('guid', { exact: true, maxKeys: 2 }),
      toArray({ max: 9 }),
    ),
  )
  t.match(failure, {
    code: 'OPERATOR',
    message: 'dedupe, lead c: there are more than 2 different keys: give a higher { maxKeys }, or { last }',
  })
})

t.test('dedupe: a key that is an object is an OPERATOR error', async t => {
  for (const key of [{}, [], Symbol('s')]) {
    const failure = await failureOf(run(withKeys([key]), dedupe('k', { exact: true }), toArray({ max: 9 })))
    t.match(failure, { code: 'OPERATOR', message: /expected a text, a number or a boolean as the key/ })
  }
})

t.test('dedupe: a checkpoint has no key, and a state of bounded size', async t => {
  const { chain } = chainOfDefinitions(dedupe<unknown>('k', { last: 3 })[recipe])
  for (const value of withKeys(Array.from({ length: 50 }, (_, n) => `person-${n}@example.com`)))
    await chain.receive(value)
  const saved = JSON.stringify(chain.save())
  t.notMatch(saved, /person|example/)
  t.ok(saved.length < 300, saved)
})

t.test('dedupe: wrong arguments are OPTION errors', async t => {
  for (const [key, options, message] of [
    ['k', undefined, 'dedupe(): expected either last or exact, received undefined'],
    ['k', {}, 'dedupe(): expected either last or exact, received {}'],
    [
      'k',
      { last: 1, exact: true },
      'dedupe(): expected either last or exact, received { last: 1, exact: true }',
    ],
    ['k', { last: 0 }, 'dedupe(): last: expected an integer from 1 to 5000000, received 0'],
    ['k', { exact: false }, 'dedupe(): exact: expected true, received false'],
    ['k', { last: 1, maxKeys: 2 }, 'dedupe(): maxKeys: expected none with last 1, received 2'],
    [7, { last: 1 }, 'dedupe(): key: expected a dotted path, for example "crmDetails.status", received 7'],
  ])
    t.throws(() => dedupe(key as never, options as never), { code: 'OPTION', message })
})
