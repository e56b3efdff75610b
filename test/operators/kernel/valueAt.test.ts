import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { valueAt } from '../../../lib/operators/kernel/valueAt.ts'

const value = {
  guid: 'g',
  crmDetails: { status: 'Open', nothing: null, zero: 0 },
  events: [{ name: 'first', values: ['a', 'b'] }, { name: 'second' }],
  'a.b': 'literal',
  a: { b: 'nested', c: 'only nested' },
  'x.y.z': 'deep literal',
}

for (const [path, expected] of [
  ['guid', 'g'],
  ['crmDetails', value.crmDetails],
  ['crmDetails.status', 'Open'],
  ['crmDetails.nothing', null],
  ['crmDetails.zero', 0],
  ['events.0.name', 'first'],
  ['events.1.name', 'second'],
  ['events.0.values.1', 'b'],
  ['a.b', 'literal'],
  ['a.c', 'only nested'],
  ['x.y.z', 'deep literal'],
] as const) {
  t.test(`finds what is at ${path}`, async t => t.equal(valueAt(path)(value), expected))
}

for (const path of [
  'missing',
  'missing.more',
  'guid.0',
  'guid.length',
  'crmDetails.status.length',
  'crmDetails.nothing.more',
  'events.2.name',
  'events.-1',
  'events.first',
  'events.0.values.2',
  'x.y',
]) {
  t.test(`gives undefined for ${path}, which is not there`, async t =>
    t.equal(valueAt(path)(value), undefined),
  )
}

t.test('sees own keys only: nothing of a prototype can be read', async t => {
  for (const path of [
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'constructor.prototype',
    'constructor.name',
    '__proto__.polluted',
    'crmDetails.__proto__',
    'crmDetails.constructor.name',
    'events.map',
    'events.constructor',
    'guid.toString',
  ]) {
    t.equal(valueAt(path)(value), undefined, path)
  }
})

t.test('keys of that name that are really there are found', async t => {
  const own = JSON.parse('{"__proto__": {"constructor": 1}, "toString": {"__proto__": 2}}')
  t.equal(valueAt('__proto__.constructor')(own), 1)
  t.equal(valueAt('toString.__proto__')(own), 2)
})

t.test('no value is too odd to look into', async t => {
  for (const odd of [undefined, null, 0, '', true, Symbol('s'), 1n, () => {}, Object.create(null)]) {
    for (const path of ['a', 'a.b']) t.equal(valueAt(path)(odd), undefined)
  }
})

t.test('finds every leaf of any JSON value by its path', async t => {
  const key = fc.string().filter(name => name !== '' && !name.includes('.'))
  const leaf = fc.oneof(fc.integer(), fc.string(), fc.constant(null), fc.boolean())
  const { tree } = fc.letrec(tie => ({
    tree: fc.oneof(
      { depthSize: 'small', maxDepth: 4 },
      leaf,
      fc.array(tie('tree'), { maxLength: 3 }),
      fc.dictionary(key, tie('tree'), { maxKeys: 3 }),
    ),
  }))
  const leaves = (node: unknown, path: string[]): [string, unknown][] =>
    typeof node === 'object' && node !== null
      ? Object.entries(node).flatMap(([name, inner]) => leaves(inner, [...path, name]))
      : [[path.join('.'), node]]
  const property = fc.property(fc.dictionary(key, tree), whole => {
    for (const [path, expected] of leaves(whole, [])) assert.equal(valueAt(path)(whole), expected, path)
  })
  t.doesNotThrow(() => fc.assert(property))
})
