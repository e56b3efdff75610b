import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { Writable } from 'node:stream'
import { inspect } from 'node:util'
import { Ajv } from 'ajv'
import fc from 'fast-check'
import t from 'tap'
import type { CompiledSchema, LeadpipeError, RunError, ValidateOptions } from '../../lib/index.ts'
import { leadSchema } from '../../lib/lead/Lead.ts'
import { validate } from '../../lib/operators/validate.ts'
import { run } from '../../lib/run/run.ts'
import { toArray } from '../../lib/sinks/toArray.ts'
import { aLead, someLeads } from '../support/aLead.ts'
import { failureOf } from '../support/failureOf.ts'
import { processEvents } from '../support/processEvents.ts'
import { root } from '../support/root.ts'
import { settings } from '../support/settings.ts'
import { turns } from '../support/turns.ts'

async function validated(values: unknown[], options?: ValidateOptions) {
  const sink = toArray({ max: 99 })
  const report = await run(values, validate(options), sink)
  return { records: sink.records, report }
}

t.test('validate: leads that match the schema are emitted unchanged', async t => {
  const file = `${root}test/portal/fixtures/lead-sample.json`
  const documented = JSON.parse(readFileSync(file, 'utf8')) as unknown[]
  const leads = [...documented, ...someLeads(5, 2), { guid: 'only' }]
  const before = structuredClone(leads)
  const { records, report } = await validated(leads)
  t.strictSame(records, before)
  t.equal(records[0], leads[0])
  t.match(report, { skipped: 0, operators: [{ name: 'validate', own: { valid: leads.length, skipped: 0 } }] })
})

t.test('validate: unknown fields are valid and kept, at every level', async t => {
  const lead = {
    ...aLead(1, 1),
    customField: { deep: [1] },
    crmDetails: { status: 'Open', more: 1 },
    leadDeleteLogs: [{ anything: true }],
  }
  t.strictSame((await validated([lead])).records, [lead])
})

const invalid: Record<string, { value: unknown; path: string; rule: string; guid?: string }> = {
  'no guid': { value: { email: 'a@example.com' }, path: '/', rule: 'required' },
  'an empty guid': { value: { guid: '' }, path: '/guid', rule: 'minLength', guid: '' },
  'a guid that is not text': { value: { guid: 7 }, path: '/guid', rule: 'type' },
  'text where a number belongs': {
    value: { guid: 'g', insertedAt: '2012-01-01' },
    path: '/insertedAt',
    rule: 'type',
    guid: 'g',
  },
  'a fraction where a whole number belongs': {
    value: { guid: 'g', leadId: 1.5 },
    path: '/leadId',
    rule: 'type',
    guid: 'g',
  },
  'an object where an array belongs': {
    value: { guid: 'g', leadConversionEvents: {} },
    path: '/leadConversionEvents',
    rule: 'type',
    guid: 'g',
  },
  'a wrong field in an event': {
    value: { guid: 'g', leadConversionEvents: [{}, { convertDate: true }] },
    path: '/leadConversionEvents/1/convertDate',
    rule: 'type',
    guid: 'g',
  },
  'null for text': { value: { guid: 'g', email: null }, path: '/email', rule: 'type', guid: 'g' },
  'a value that is not an object': { value: 'a lead', path: '/', rule: 'type' },
  'an array': { value: [aLead(1)], path: '/', rule: 'type' },
}

for (const [what, { value, path, rule, guid }] of Object.entries(invalid)) {
  t.test(`validate: ${what} is INVALID_LEAD with guid, path and rule`, async t => {
    const failure = (await failureOf(validated([aLead(0), value]))) as RunError
    t.match(failure, { code: 'INVALID_LEAD', retryable: false })
    const { remedy: _remedy, ...context } = failure.context as { remedy?: unknown }
    t.strictSame(context, { ...(guid === undefined ? {} : { guid }), path, rule })
    t.match(failure.message, guid === undefined ? 'a lead without a guid: ' : `lead ${guid}: `)
    t.equal(failure.cause, undefined)
    t.match(failure.report, {
      operators: [{ name: 'validate', in: 2, out: 1, own: { valid: 1, skipped: 0 } }],
    })
  })
}

t.test("validate: with 'skip', invalid values are left out and counted, and the run continues", async t => {
  const bad = Object.values(invalid).map(({ value }) => value)
  const good = someLeads(3)
  const { records, report } = await validated([...bad, good[0], ...bad, good[1], good[2]], {
    onInvalid: 'skip',
  })
  t.strictSame(records, good)
  t.match(report, {
    skipped: bad.length * 2,
    records: 3,
    operators: [{ in: bad.length * 2 + 3, out: 3, own: { valid: 3, skipped: bad.length * 2 } }],
  })
})

t.test('validate: two validates have their own counts in the report', async t => {
  const adults = { type: 'object', properties: { age: { minimum: 18 } } }
  const sink = toArray({ max: 9 })
  const report = await run(
    [{ guid: 'a', age: 17 }, { guid: 'b', age: 18 }, { age: 40 }],
    validate({ onInvalid: 'skip' }),
    validate({ schema: adults, onInvalid: 'skip' }),
    sink,
  )
  t.match(report, {
    skipped: 2,
    operators: [{ own: { valid: 2, skipped: 1 } }, { own: { valid: 1, skipped: 1 } }],
  })
  t.strictSame(sink.records, [{ guid: 'b', age: 18 }])
})

t.test("validate: a user's schema replaces that of the lead", async t => {
  const schema = { type: 'object', required: ['n'], properties: { n: { type: 'integer' } } }
  t.strictSame((await validated([{ n: 1 }], { schema })).records, [{ n: 1 }])
  t.match(await failureOf(validated([{ n: 'x' }], { schema })), {
    code: 'INVALID_LEAD',
    context: { path: '/n', rule: 'type' },
  })
  t.match(await failureOf(validated([{ guid: 'g' }], { schema })), {
    message: "lead g: / must have required property 'n'",
  })
})

t.test('validate: a schema object may be used any number of times', async t => {
  const schema = { $id: 'https://example.com/n', type: 'integer' }
  const ajv = new Ajv()
  for (let use = 0; use < 2; use += 1) {
    t.strictSame((await validated([1, 2], { schema })).records, [1, 2])
    t.strictSame((await validated([1, 2], { schema, ajv })).records, [1, 2])
    t.strictSame((await validated([aLead(1)], { schema: leadSchema })).records, [aLead(1)])
    t.strictSame((await validated([aLead(1)], { ajv })).records, [aLead(1)])
  }
})

t.test("validate: a user's Ajv adds formats and keywords, and may change values", async t => {
  const ajv = new Ajv({ useDefaults: true })
  ajv.addFormat('mail', /^[^@]+@[^@]+$/)
  ajv.addKeyword({ keyword: 'even', validate: (_: unknown, n: number) => n % 2 === 0 })
  const schema = {
    type: 'object',
    properties: {
      email: { type: 'string', format: 'mail' },
      n: { type: 'integer', even: true },
      kind: { default: 'lead' },
    },
  }
  t.strictSame((await validated([{ email: 'a@b', n: 2 }], { schema, ajv })).records, [
    { email: 'a@b', n: 2, kind: 'lead' },
  ])
  t.match(await failureOf(validated([{ email: 'nobody' }], { schema, ajv })), {
    context: { path: '/email', rule: 'format' },
  })
  t.match(await failureOf(validated([{ n: 3 }], { schema, ajv })), { context: { path: '/n', rule: 'even' } })
})

t.test('validate: any object that compiles a schema to a function can replace Ajv', async t => {
  const ajv = { compile: (): CompiledSchema => value => (value as { ok: boolean }).ok }
  t.strictSame((await validated([{ ok: true }], { ajv })).records, [{ ok: true }])
  t.match(await failureOf(validated([{ guid: 'g', ok: false }], { ajv })), {
    code: 'INVALID_LEAD',
    message: 'lead g: / does not match the schema',
    context: { guid: 'g', path: '/', rule: 'schema' },
  })
})

t.test('validate: a schema that does not compile or is asynchronous is an OPTION error', async t => {
  const compiles = 'validate(): schema: expected a JSON Schema that compiles, received one that does not: '
  for (const [options, message] of [
    [{ schema: { type: 'nonsense' } }, new RegExp(`^${compiles.replace('()', '\\(\\)')}`)],
    [
      { schema: { type: 'string', format: 'date' } },
      `${compiles}unknown format "date" ignored in schema at path "#"`,
    ],
    [{ schema: { $ref: '#/definitions/none' } }, /none/],
    [{ schema: { colour: 'red' } }, `${compiles}strict mode: unknown keyword: "colour"`],
    [
      { schema: { $async: true, type: 'object' } },
      'validate(): schema: expected a synchronous schema, received one with $async',
    ],
    [
      {
        ajv: {
          compile() {
            throw 'words'
          },
        },
      },
      `${compiles}words`,
    ],
  ] as const) {
    t.throws(() => validate(options), { code: 'OPTION', message })
  }
})

t.test(
  'validate: a quarantine that fails at the record that exceeds maxInvalid: one error, no unhandled rejection',
  async t => {
    const unhandled = processEvents(t, 'unhandledRejection')
    type Callback = (error: Error) => void
    for (const fail of [
      (callback: Callback) => callback(new Error('no room')),
      (callback: Callback) => void turns(3).then(() => callback(new Error('no room'))),
    ]) {
      const quarantine = new Writable({
        objectMode: true,
        highWaterMark: 1,
        write: (_record, _encoding, callback) => fail(callback),
      })
      t.match(await failureOf(validated([{}], { onInvalid: 'quarantine', quarantine, maxInvalid: 0 })), {
        code: 'INVALID_LEAD',
        message: /^1 of 1 records are invalid/,
      })
      await turns(5)
    }
    t.strictSame(unhandled, [])
  },
)

t.test('validate: wrong options are an OPTION error', async t => {
  for (const [options, message] of [
    [
      { onInvalid: 'ignore' },
      `validate(): onInvalid: expected "fail", "skip" or "quarantine", received 'ignore'`,
    ],
    [
      { schema: 'lead' },
      "validate(): schema: expected a JSON Schema (an object), or a Standard Schema, received 'lead'",
    ],
    [{ ajv: {} }, 'validate(): ajv: expected an Ajv, received {}'],
    [
      { oninvalid: 'skip' },
      /^validate\(\): unknown option "oninvalid"; expected one of schema, ajv, onInvalid/,
    ],
    ['skip', "validate(): options: expected an object, received 'skip'"],
  ]) {
    t.throws(() => validate(options as never), { code: 'OPTION', message })
  }
})

const secret = 'S3CRET'
/** Wrong values that hold a secret, for every field of the schema. */
const wrong = fc.constantFrom<unknown>(
  secret,
  { [secret]: secret },
  [secret],
  [[secret]],
  Number(`1.${[...secret].map(c => c.charCodeAt(0)).join('')}`),
)
const fields = Object.keys(leadSchema.properties).filter(name => name !== 'guid')
const invalidLead = fc.record(
  Object.fromEntries([
    ...fields.map(name => [name, wrong] as const),
    ['guid', fc.constantFrom<unknown>('lead-1', undefined, 7)],
  ]),
  { requiredKeys: [], noNullPrototype: true },
)

t.test('validate: an INVALID_LEAD error holds no data of the person, whatever is invalid', async t => {
  const fused = settings['fused in run'] as (typeof settings)[string]
  let failed = 0
  const property = fc.asyncProperty(invalidLead, async lead => {
    const value = { leadConversionEvents: [{ formSubmissionValues: [{ fieldValue: [secret] }] }], ...lead }
    const failure = (await failureOf(fused([value], () => validate()))) as LeadpipeError
    failed += 1
    assert.equal(failure.code, 'INVALID_LEAD')
    const shown = `${inspect(failure, { depth: 9 })}${JSON.stringify(failure)}${failure.stack}`
    assert.ok(!shown.includes(secret), shown)
    assert.ok(!shown.includes('1.8351'), shown)
  })
  await t.resolves(fc.assert(property, { numRuns: 60 }))
  t.equal(failed, 60)
})

t.test(
  'validate: nullFields \'keep\' accepts null and "" in every field but the guid, and keeps them',
  async t => {
    const values = ['address', 'closedAt', 'isCustomer', 'score', 'crmDetails', 'leadConversionEvents']
    const leads = [null, ''].flatMap(none => [
      ...values.map(name => ({ guid: 'g', [name]: none })),
      { guid: 'g', crmDetails: { status: none, nextActionDue: none } },
      { guid: 'g', leadConversionEvents: [{ guid: none, convertDate: none, formSubmissionValues: none }] },
      { guid: 'g', leadConversionEvents: [{ formSubmissionValues: [{ fieldValue: none, id: none }] }] },
      { guid: 'g', leadCustomerStatusModifyLogs: [{ id: none, previousState: none }] },
    ])
    const { records } = await validated([...leads, ...someLeads(3)], { nullFields: 'keep' })
    t.strictSame(records, [...leads, ...someLeads(3)])
    for (const lead of leads.filter(lead => JSON.stringify(lead).includes('null'))) {
      const error = await failureOf(validated([lead]))
      t.match(error, { code: 'INVALID_LEAD', message: /; set nullFields to 'keep' to accept null and ""$/ })
      t.match(await failureOf(validated([lead], { nullFields: 'reject' })), { code: 'INVALID_LEAD' })
    }
  },
)

t.test("validate: nullFields 'keep' still rejects other wrong values, with one error each", async t => {
  const wrong = [
    { guid: null },
    { guid: '' },
    {},
    { guid: 'g', closedAt: '2012' },
    { guid: 'g', score: true },
    { guid: 'g', address: 7 },
    { guid: 'g', leadConversionEvents: [null] },
    { guid: 'g', leadConversionEvents: [''] },
    { guid: 'g', crmDetails: { status: 1 } },
  ]
  for (const lead of wrong) {
    const error = await failureOf(validated([lead], { nullFields: 'keep' }))
    t.match(error, { code: 'INVALID_LEAD' }, JSON.stringify(lead))
    t.notMatch((error as Error).message, /nullFields/)
    const quarantine = toArray<{ errors: unknown[] }>({ max: 9 })
    await validated([lead], { nullFields: 'keep', onInvalid: 'quarantine', quarantine })
    t.equal(quarantine.records[0]?.errors.length, 1)
  }
  t.notMatch(((await failureOf(validated([{ guid: null }]))) as Error).message, /nullFields/)
})

t.test('validate: nullFields is only for the schema of leads', async t => {
  t.throws(() => validate({ nullFields: 'keep', schema: {} }), {
    code: 'OPTION',
    message: "validate(): schema: expected none with nullFields 'keep', received a schema of your own",
  })
  t.throws(() => validate({ nullFields: 'drop' as never }), { code: 'OPTION' })
  const ajv = new Ajv({ allowUnionTypes: true })
  const { records } = await validated([{ guid: 'g', email: null }], { nullFields: 'keep', ajv })
  t.equal(records.length, 1)
})
