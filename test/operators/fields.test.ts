import fc from 'fast-check'
import t from 'tap'
import type { Operator } from '../../lib/index.ts'
import { flatten } from '../../lib/operators/flatten.ts'
import { omit } from '../../lib/operators/omit.ts'
import { changeAt } from '../../lib/operators/paths.ts'
import { rename } from '../../lib/operators/rename.ts'
import { failureOf } from '../support/failureOf.ts'
import { settings } from '../support/settings.ts'

const fused = settings['fused in run'] as (typeof settings)[string]

/** What an operator makes of one value. */
const of = async (value: unknown, operator: Operator<never, unknown>) =>
  (await fused([value], () => operator))[0]
const omitted = (value: unknown, ...paths: string[]) => of(value, omit<unknown, string>(...paths))
const renamed = (value: unknown, names: Record<string, string>) =>
  of(value, rename<unknown, Record<string, string>>(names))

/** JSON.parse makes an own field of `__proto__`, as a decoder of leads does. */
const hostile = () =>
  JSON.parse('{"__proto__": {"x": 1, "y": 2}, "constructor": "mine", "a": {"__proto__": 3}}')

t.test(
  'omit: nested fields, items of arrays and all items; other parts are shared, and nothing is changed',
  async t => {
    const value = {
      guid: 'g',
      crm: { status: 'Open', next: { at: 1, by: 2 } },
      tags: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k'],
      events: [{ values: [{ id: 1, text: 'x' }, { id: 2 }] }, { values: [] }, {}, null, 7],
      other: {},
    }
    const before = structuredClone(value)
    t.strictSame(
      await omitted(value, 'crm.next.at', 'tags.0', 'tags.10', 'tags.9', 'tags.2', 'events.*.values.*.text'),
      {
        ...value,
        crm: { status: 'Open', next: { by: 2 } },
        tags: ['b', 'd', 'e', 'f', 'g', 'h', 'i'],
        events: [{ values: [{ id: 1 }, { id: 2 }] }, { values: [] }, {}, null, 7],
      },
    )
    t.strictSame(value, before)
    const rest = (await omitted(value, 'guid')) as typeof value
    t.equal(rest.crm, value.crm)
    t.strictSame(((await omitted(value, 'events.*')) as typeof value).events, [])
  },
)

t.test('omit: a missing path leaves the value as it is', async t => {
  const value = { a: { b: null }, list: [1], text: 'abc' }
  for (const path of [
    'x',
    'a.x',
    'a.b.c',
    'list.1',
    'list.-1',
    'list.length',
    'list.x',
    'text.0',
    'text.*',
    'a.*',
  ]) {
    t.equal(await omitted(value, path), value, path)
  }
  t.equal(await omitted('text', 'x'), 'text')
})

t.test(
  'omit: a field and those below it may both be named; a key that equals the whole path wins',
  async t => {
    t.strictSame(await omitted({ a: { b: 1 }, c: 2 }, 'a', 'a.b'), { c: 2 })
    t.strictSame(await omitted({ 'a.b': 1, a: { b: 2 } }, 'a.b'), { a: { b: 2 } })
  },
)

t.test('omit and rename: names of a prototype are ordinary names', async t => {
  const rest = (await omitted(hostile(), '__proto__.x', 'toString', 'a.__proto__')) as object
  t.equal(JSON.stringify(rest), '{"__proto__":{"y":2},"constructor":"mine","a":{}}')
  t.equal(Object.getPrototypeOf(rest), Object.prototype)
  t.equal(
    JSON.stringify(await renamed(hostile(), { c: 'constructor', p: '__proto__', gone: 'valueOf' })),
    '{"p":{"x":1,"y":2},"c":"mine","a":{"__proto__":3}}',
  )
})

t.test('omit: wrong paths are OPTION errors', async t => {
  t.throws(() => omit(), { message: 'omit(): expected at least one path, received none' })
  for (const path of ['', 'a..b', 7, undefined])
    t.throws(() => omit('a' as never, path as never), { code: 'OPTION', context: { option: 'path 2' } })
})

t.test('rename: fields of the top keep their places, those from below come last', async t => {
  const value = { a: 1, b: { c: 2, d: 3 }, e: null }
  const record = await renamed(value, { last: 'b.c', A: 'a', E: 'e' })
  t.equal(JSON.stringify(record), '{"A":1,"b":{"d":3},"E":null,"last":2}')
  t.strictSame(value, { a: 1, b: { c: 2, d: 3 }, e: null })
})

t.test('rename: names may be swapped, may contain dots, and may be the old ones', async t => {
  t.strictSame(await renamed({ a: 1, b: 2 }, { a: 'b', b: 'a' }), { a: 2, b: 1 })
  t.strictSame(await renamed({ a: 1 }, { 'x.y': 'a' }), { 'x.y': 1 })
  t.strictSame(await renamed({ 'x.y': 1, x: { y: 2 } }, { a: 'x.y' }), { a: 1, x: { y: 2 } })
  t.strictSame(await renamed({ a: 1 }, { a: 'a' }), { a: 1 })
  t.strictSame(
    await renamed({ a: { b: 1 } }, { a: 'a.b' }).catch(error => error.message),
    'rename: the value already has a field "a"',
  )
})

t.test('rename: a path that is missing, or undefined, adds nothing', async t => {
  const value = { a: undefined, b: [1] }
  t.equal(await renamed(value, { x: 'a', y: 'gone', z: 'b.1' }), value)
  t.strictSame(await renamed({ b: [1, 2] }, { y: 'gone', z: 'b.0' }), { b: [2], z: 1 })
})

t.test(
  'rename: a name that the value already has is an OPERATOR error, so that no field is lost',
  async t => {
    const failure = await failureOf(renamed({ guid: 'g', a: 1, b: 2 }, { b: 'a' }))
    t.match(failure, { code: 'OPERATOR', message: 'rename, lead g: the value already has a field "b"' })
  },
)

t.test('rename: wrong names are OPTION errors', async t => {
  for (const [names, message] of [
    [undefined, 'rename(): expected an object of new name to path, received undefined'],
    [{}, 'rename(): expected an object of new name to path, received {}'],
    [['a'], "rename(): expected an object of new name to path, received [ 'a' ]"],
    [{ a: 7 }, 'rename(): a: expected a dotted path, for example "crmDetails.status", received 7'],
    [JSON.parse('{"__proto__": "a"}'), "rename(): expected a name for a field, received '__proto__'"],
    [{ x: 'a', y: 'a' }, "rename(): y: expected a path that is not within 'a' with x, received 'a'"],
    [{ x: 'a', y: 'a.b' }, "rename(): y: expected a path that is not within 'a' with x, received 'a.b'"],
  ])
    t.throws(() => rename(names as never), { code: 'OPTION', message })
})

const nested = {
  a: { b: { c: 1 }, list: [{ x: 1 }, [2, 3], null, 'v'] },
  n: null,
  u: undefined,
  none: {},
  empty: [],
}

t.test('flatten: arrays are kept, joined or indexed; nothing disappears', async t => {
  t.strictSame(await of(nested, flatten()), {
    'a.b.c': 1,
    'a.list': nested.a.list,
    n: null,
    u: undefined,
    none: {},
    empty: [],
  })
  t.strictSame(await of(nested, flatten({ arrays: 'join', separator: '__' })), {
    a__b__c: 1,
    a__list: '{"x":1};[2,3];;v',
    n: null,
    u: undefined,
    none: {},
    empty: '',
  })
  t.strictSame(await of(nested, flatten({ arrays: 'index' })), {
    'a.b.c': 1,
    'a.list.0.x': 1,
    'a.list.1.0': 2,
    'a.list.1.1': 3,
    'a.list.2': null,
    'a.list.3': 'v',
    n: null,
    u: undefined,
    none: {},
    empty: [],
  })
})

t.test('flatten: a Date and an object of another class stay as they are', async t => {
  const value = { a: { at: new Date(0), map: new Map([[1, 2]]), bytes: Buffer.from('x') } }
  t.strictSame(await of(value, flatten()), {
    'a.at': value.a.at,
    'a.map': value.a.map,
    'a.bytes': value.a.bytes,
  })
})

t.test('flatten: two fields of one name are an OPERATOR error, and another separator helps', async t => {
  const value = { guid: 'g', 'a.b': 1, a: { b: 2 } }
  t.match(await failureOf(of(value, flatten())), {
    code: 'OPERATOR',
    message: 'flatten, lead g: two fields get the name "a.b": choose another { separator }',
  })
  t.strictSame(await of(value, flatten({ separator: '/' })), { guid: 'g', 'a.b': 1, 'a/b': 2 })
})

t.test('flatten: `__proto__` is an ordinary name', async t => {
  const record = (await of(hostile(), flatten())) as object
  t.equal(JSON.stringify(record), '{"__proto__.x":1,"__proto__.y":2,"constructor":"mine","a.__proto__":3}')
  const own = (await of(JSON.parse('{"__proto__": 1}'), flatten())) as object
  t.equal(JSON.stringify(own), '{"__proto__":1}')
})

t.test('flatten: what is not an object, holds itself or is nested too deep is an OPERATOR error', async t => {
  const circular: Record<string, unknown> = {}
  circular.self = { circular }
  for (const [value, message] of [
    ['text', 'flatten: expected an object, received a value of type string'],
    [[1], 'flatten: expected an object, received an array'],
    [circular, 'flatten: expected an object of at most 1,000 levels'],
  ])
    t.match(await failureOf(of(value, flatten())), { code: 'OPERATOR', message })
})

t.test('flatten: wrong options are OPTION errors', async t => {
  for (const [options, message] of [
    [{ separator: '' }, "flatten(): separator: expected a text of 1 to 10 characters, received ''"],
    [{ arrays: 'drop' }, 'flatten(): arrays: expected "keep", "join" or "index", received \'drop\''],
    [{ sep: '.' }, 'flatten(): unknown option "sep"; expected one of separator, arrays'],
  ])
    t.throws(() => flatten(options as never), { code: 'OPTION', message })
})

/** The values that are neither objects nor arrays, with empty ones. */
const leaves = (value: unknown): unknown[] =>
  typeof value === 'object' && value !== null && Object.keys(value).length > 0
    ? Object.values(value).flatMap(leaves)
    : [value]

t.test('flatten: an indexed record has every value, in order', async t => {
  const names = fc.stringMatching(/^[a-z]{1,3}$/)
  const objects = fc.dictionary(names, fc.jsonValue({ maxDepth: 4 }), {
    minKeys: 1,
  })
  const property = fc.asyncProperty(objects, async value => {
    const record = await of(value, flatten({ arrays: 'index', separator: '\0\0' }))
    t.strictSame(Object.values(record as object), leaves(value))
  })
  await fc.assert(property, { numRuns: 100 })
})

t.test('changeAt: a change to the same value copies nothing', async t => {
  const value = { a: [{ b: 1 }] }
  t.equal(
    changeAt('a.*.b')(value, found => found),
    value,
  )
  t.strictSame(
    changeAt('a.*.b')(value, found => Number(found) + 1),
    { a: [{ b: 2 }] },
  )
})
