import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import { checkPath, valueAt } from '../../lib/operators/paths.ts'
import { project } from '../../lib/operators/project.ts'
import { failureOf } from '../support/failureOf.ts'
import { settings } from '../support/settings.ts'

const lead = {
  guid: 'g',
  email: 'a@example.com',
  crmDetails: { status: 'Open', nextAction: null },
  leadConversionEvents: [{ formName: 'one' }, { formName: 'two', formSubmissionValues: [{ id: 7 }] }],
}

const fused = settings['fused in run'] as (typeof settings)[string]
const projected = async (selection: unknown, value: unknown = lead) => {
  const [record] = await fused([value], () => project<unknown, Record<string, string>>(selection as never))
  return record
}

t.test('project: a list of paths makes flat fields named by the paths, in this order', async t => {
  const record = await projected(['email', 'crmDetails.status', 'guid', 'leadConversionEvents.1.formName'])
  t.strictSame(record, {
    email: 'a@example.com',
    'crmDetails.status': 'Open',
    guid: 'g',
    'leadConversionEvents.1.formName': 'two',
  })
  t.strictSame(Object.keys(record as object), [
    'email',
    'crmDetails.status',
    'guid',
    'leadConversionEvents.1.formName',
  ])
})

t.test('project: a mapping names paths and functions', async t => {
  t.strictSame(
    await projected({
      id: 'guid',
      'crm.status': 'crmDetails.status',
      forms: ({ leadConversionEvents }: typeof lead) => leadConversionEvents.length,
      action: 'crmDetails.nextAction',
      event: 'leadConversionEvents.1.formSubmissionValues.0.id',
    }),
    { id: 'g', 'crm.status': 'Open', forms: 2, action: null, event: 7 },
  )
})

t.test('project: a missing path is undefined, which JSON leaves out', async t => {
  const record = await projected({
    gone: 'crmDetails.gone',
    deep: 'email.more',
    item: 'tags.0',
    guid: 'guid',
  })
  t.strictSame(record, { gone: undefined, deep: undefined, item: undefined, guid: 'g' })
  t.equal(JSON.stringify(record), '{"guid":"g"}')
})

t.test('project: records hold nothing of a prototype, and keep Object.prototype', async t => {
  const paths = ['__proto__.polluted', 'constructor', 'toString', 'constructor.name', 'crmDetails.valueOf']
  const record = (await projected(paths)) as Record<string, unknown>
  for (const path of paths) t.equal(record[path], undefined, path)
  t.equal(Object.getPrototypeOf(record), Object.prototype)
  t.strictSame(await projected({ a: '__proto__', b: 'guid' }), { a: undefined, b: 'g' })
  const odd = JSON.parse('{"__proto__": {"x": 1}, "constructor": "mine"}')
  t.strictSame(await projected({ a: '__proto__.x', constructor: 'constructor' }, odd), {
    a: 1,
    constructor: 'mine',
  })
})

t.test('project: names that would change the prototype are an OPTION error', async t => {
  for (const selection of [['__proto__'], JSON.parse('{"__proto__": "guid"}')]) {
    t.throws(() => project(selection), {
      code: 'OPTION',
      message: "project(): expected a name for a field, received '__proto__'",
    })
  }
})

t.test(
  'project: a key that equals the whole path takes precedence, so that records can be projected again',
  async t => {
    t.strictSame(await projected(['a.b', 'a.c'], { 'a.b': 'literal', a: { b: 'nested', c: 1 } }), {
      'a.b': 'literal',
      'a.c': 1,
    })
  },
)

for (const [setting, through] of Object.entries(settings)) {
  t.test(`project: a second project reads the fields of the first: ${setting}`, async t => {
    const once = await through([lead], () => project<unknown, string>(['guid', 'crmDetails.status']))
    const twice = await through(once, () =>
      project<unknown, { status: string }>({ status: 'crmDetails.status' }),
    )
    t.strictSame(twice, [{ status: 'Open' }])
  })
}

t.test('project: the value is not changed, and the record shares its parts', async t => {
  const before = structuredClone(lead)
  const record = (await projected({ crm: 'crmDetails' })) as { crm: unknown }
  t.strictSame(lead, before)
  t.equal(record.crm, lead.crmDetails)
})

t.test('project: a function that throws is an OPERATOR error with the lead', async t => {
  const failure = await failureOf(
    projected({
      n: (value: typeof lead) => (value as unknown as { no: { such: string } }).no.such,
    }),
  )
  t.match(failure, { code: 'OPERATOR', context: { operator: 'project', guid: 'g' } })
})

t.test('project: a wrong selection is an OPTION error', async t => {
  const selected = 'expected a list of paths, or a mapping of new name to path or function'
  const path = 'expected a dotted path, for example "crmDetails.status"'
  for (const [selection, message] of [
    [undefined, `project(): ${selected}, received undefined`],
    [null, `project(): ${selected}, received null`],
    ['guid', `project(): ${selected}, received 'guid'`],
    [[], 'project(): expected at least one path, received []'],
    [{}, 'project(): expected at least one path, received {}'],
    [['guid', ''], `project(): path 2: ${path}, received ''`],
    [['guid', 'a..b'], `project(): path 2: ${path}, received 'a..b'`],
    [[['guid']], `project(): path 1: ${path}, received [ 'guid' ]`],
    [{ id: 7 }, `project(): id: ${path}, received 7`],
    [{ id: 'guid', x: undefined }, `project(): x: ${path}, received undefined`],
  ]) {
    t.throws(() => project(selection as never), { code: 'OPTION', message })
  }
})

const nested = {
  guid: 'g',
  crmDetails: { status: 'Open', nothing: null, zero: 0 },
  events: [{ name: 'first', values: ['a', 'b'] }, { name: 'second' }],
  'a.b': 'literal',
  a: { b: 'nested', c: 'only nested' },
  'x.y.z': 'deep literal',
}

for (const [path, expected] of [
  ['guid', 'g'],
  ['crmDetails', nested.crmDetails],
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
  t.test(`valueAt(path): finds ${path}`, async t => t.equal(valueAt(path)(nested), expected))
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
  t.test(`valueAt(path): ${path}, which does not exist, is undefined`, async t =>
    t.equal(valueAt(path)(nested), undefined),
  )
}

t.test('valueAt(path): reads own keys only, nothing of a prototype', async t => {
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
    t.equal(valueAt(path)(nested), undefined, path)
  }
})

t.test('valueAt(path): finds own keys named as those of a prototype', async t => {
  const own = JSON.parse('{"__proto__": {"constructor": 1}, "toString": {"__proto__": 2}}')
  t.equal(valueAt('__proto__.constructor')(own), 1)
  t.equal(valueAt('toString.__proto__')(own), 2)
})

t.test('valueAt(path): returns undefined for a value of any type', async t => {
  for (const odd of [undefined, null, 0, '', true, Symbol('s'), 1n, () => {}, Object.create(null)]) {
    for (const path of ['a', 'a.b']) t.equal(valueAt(path)(odd), undefined)
  }
})

t.test('valueAt(path): finds every leaf of any JSON value', async t => {
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

t.test('checkPath returns a dotted path unchanged', async t => {
  for (const path of ['guid', 'crmDetails.status', 'leadConversionEvents.0.formName', ' ', 'é', '0']) {
    t.equal(checkPath('project()', 'path 1', path), path)
  }
})

t.test('checkPath refuses anything else, and quotes it', async t => {
  for (const [path, shown] of [
    ['', "''"],
    ['.', "'.'"],
    ['a.', "'a.'"],
    ['.a', "'.a'"],
    ['a..b', "'a..b'"],
    [7, '7'],
    [undefined, 'undefined'],
    [null, 'null'],
    [['guid'], "[ 'guid' ]"],
  ] as const) {
    t.throws(() => checkPath('project()', 'path 1', path), {
      code: 'OPTION',
      message: `project(): path 1: expected a dotted path, for example "crmDetails.status", received ${shown}`,
    })
  }
})
