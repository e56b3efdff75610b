import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import t from 'tap'
import { differenceOf } from '../../lib/checkpoint/Checkpoint.ts'

t.test('differenceOf: it names the first difference and both values', async t => {
  const cases: [before: unknown, now: unknown, difference: string][] = [
    [{ a: 1 }, { a: 2 }, 'a was 1 and is 2 now'],
    [{ a: 1 }, {}, 'a was 1 and is absent now'],
    [{}, { a: null }, 'a was absent and is null now'],
    [{ a: { b: ['x', 'y'] } }, { a: { b: ['x', 'z'] } }, "a.b.1 was 'y' and is 'z' now"],
    [{ a: ['x'] }, { a: ['x', 'y'] }, "a.1 was absent and is 'y' now"],
    [{ a: [] }, { a: {} }, 'a was [] and is {} now'],
    [{}, { a: { name: 'map', options: { b: 1 } } }, "a was absent and is given ('map') now"],
    [{ a: { b: 1 } }, { a: 'b' }, "a was { b: 1 } and is 'b' now"],
    [{ a: 1, b: 2 }, { b: 3, a: 4 }, 'a was 1 and is 4 now'],
    [{ constructor: 1 }, {}, 'constructor was 1 and is absent now'],
    [{}, { toString: {} }, 'toString was absent and is {} now'],
    [JSON.parse('{ "__proto__": {} }'), {}, '__proto__ was {} and is absent now'],
  ]
  for (const [before, now, difference] of cases) t.equal(differenceOf(before, now), difference)
  t.equal(differenceOf({ a: 1 }, { a: 2 }, 'sink'), 'sink.a was 1 and is 2 now')
  t.equal(differenceOf(1, 2, 'sink'), 'sink was 1 and is 2 now')
})

t.test('differenceOf: long texts are shown up to their ends', async t => {
  const folder = `/a/${'long/'.repeat(50)}`
  t.equal(
    differenceOf({ path: `${folder}b.json` }, { path: `${folder}c.json` }),
    `path was '${folder}b.json' and is '${folder}c.json' now`,
  )
})

t.test('differenceOf: the order of properties is not a difference', async t => {
  t.equal(differenceOf({ a: 1, b: { c: 2, d: 3 } }, { b: { d: 3, c: 2 }, a: 1 }), undefined)
})

t.test('differenceOf: it is undefined exactly if two JSON values are equal', async t => {
  const json = fc.jsonValue({ maxDepth: 3 }).map(value => JSON.parse(JSON.stringify(value)))
  // Values with one difference at most are the hard cases.
  const near = fc.tuple(json, json).map(
    ([a, b]) =>
      [
        { ...Object(a), x: b },
        { ...Object(a), x: a },
      ] as const,
  )
  const property = fc.property(
    fc.oneof(
      fc.tuple(json, json),
      near,
      json.map(value => [value, structuredClone(value)] as const),
    ),
    ([a, b]) => (differenceOf(a, b, 'value') === undefined) === isDeepStrictEqual(a, b),
  )
  t.doesNotThrow(() => fc.assert(property, { numRuns: 1_000 }))
})
