import t from 'tap'
import { project } from '../../lib/index.ts'
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

t.test('a list of paths gives flat keys named by the paths, in their order', async t => {
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

t.test('a mapping gives new names, to paths and to functions of the value', async t => {
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

t.test('a path that is not there gives undefined, which JSON leaves out', async t => {
  const record = await projected({
    gone: 'crmDetails.gone',
    deep: 'email.more',
    item: 'tags.0',
    guid: 'guid',
  })
  t.strictSame(record, { gone: undefined, deep: undefined, item: undefined, guid: 'g' })
  t.equal(JSON.stringify(record), '{"guid":"g"}')
})

t.test('nothing of a prototype gets into a record, and no record gets a foreign prototype', async t => {
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

t.test('names that would change the prototype are refused', async t => {
  for (const selection of [['__proto__'], JSON.parse('{"__proto__": "guid"}')]) {
    t.throws(() => project(selection), {
      code: 'OPTION',
      message: "project(): expected a name for a field, received '__proto__'",
    })
  }
})

t.test('a key that has the whole path as its name wins: records can be projected again', async t => {
  t.strictSame(await projected(['a.b', 'a.c'], { 'a.b': 'literal', a: { b: 'nested', c: 1 } }), {
    'a.b': 'literal',
    'a.c': 1,
  })
})

for (const [setting, through] of Object.entries(settings)) {
  t.test(`one after the other, over what the first made: ${setting}`, async t => {
    const once = await through([lead], () => project<unknown, string>(['guid', 'crmDetails.status']))
    const twice = await through(once, () =>
      project<unknown, { status: string }>({ status: 'crmDetails.status' }),
    )
    t.strictSame(twice, [{ status: 'Open' }])
  })
}

t.test('the value stays as it is, and the record shares what was not changed', async t => {
  const before = structuredClone(lead)
  const record = (await projected({ crm: 'crmDetails' })) as { crm: unknown }
  t.strictSame(lead, before)
  t.equal(record.crm, lead.crmDetails)
})

t.test('a function that fails is named with the lead', async t => {
  const failure = await failureOf(
    projected({
      n: (value: typeof lead) => (value as unknown as { no: { such: string } }).no.such,
    }),
  )
  t.match(failure, { code: 'OPERATOR', context: { operator: 'project', guid: 'g' } })
})

t.test('refuses what is no selection', async t => {
  const selected = 'expected a list of paths or a mapping of new name to path or function'
  const path = 'expected a dotted path, for example "crmDetails.status"'
  for (const [selection, message] of [
    [undefined, `project(): ${selected}, received undefined`],
    [null, `project(): ${selected}, received null`],
    ['guid', `project(): ${selected}, received 'guid'`],
    [[], 'project(): expected at least one path, received []'],
    [{}, 'project(): expected at least one path, received {}'],
    [['guid', ''], `project() path 2: ${path}, received ''`],
    [['guid', 'a..b'], `project() path 2: ${path}, received 'a..b'`],
    [[['guid']], `project() path 1: ${path}, received [ 'guid' ]`],
    [{ id: 7 }, `project() id: ${path}, received 7`],
    [{ id: 'guid', x: undefined }, `project() x: ${path}, received undefined`],
  ]) {
    t.throws(() => project(selection as never), { code: 'OPTION', message })
  }
})
