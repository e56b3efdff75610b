import { readFileSync } from 'node:fs'
import t from 'tap'
import { type Lead, leadSchema } from '../../lib/lead/Lead.ts'
import { compileSchema } from '../../lib/options/ajv.ts'
import { root } from '../support/root.ts'

const [sample] = JSON.parse(readFileSync(`${root}test/fixtures/lead-sample.json`, 'utf8')) as [Lead]

const validate = compileSchema(leadSchema)

/** The first error of a lead by the schema: its path and what is expected there; undefined for a valid lead. */
function problem(lead: unknown): string | undefined {
  if (validate(lead)) return undefined
  const [error] = validate.errors ?? []
  return `${error?.instancePath} ${error?.message}`
}

interface Schema {
  readOnly?: boolean
  properties?: Record<string, Schema>
  items?: Schema
}
const properties = (schema: Schema | undefined) => schema?.properties ?? {}
const fields = properties(leadSchema as unknown as Schema)

t.test("leadSchema: the documentation's example is a valid lead", async t => {
  t.equal(problem(sample), undefined)
})

t.test(
  "leadSchema: its fields are those of the documentation's example, in the same order and spelling",
  async t => {
    t.strictSame(Object.keys(fields), Object.keys(sample))
    t.strictSame(Object.keys(properties(fields.analyticsDetails)), Object.keys(sample.analyticsDetails ?? {}))
    t.strictSame(Object.keys(properties(fields.crmDetails)), Object.keys(sample.crmDetails ?? {}))
    const [event] = sample.leadConversionEvents ?? []
    const eventFields = properties(fields.leadConversionEvents?.items)
    t.strictSame(Object.keys(eventFields), Object.keys(event ?? {}))
    t.strictSame(
      Object.keys(properties(eventFields.formSubmissionValues?.items)),
      Object.keys(event?.formSubmissionValues?.[0] ?? {}),
    )
  },
)

t.test('leadSchema: a field is editable, read-only or neither, as the documentation says', async t => {
  const editable = [
    'closedAt',
    'emailBounced',
    'firstCampaign',
    'firstRefDomain',
    'firstReferrer',
    'firstURL',
    'foundVia',
    'fullFoundViaString',
    'isDeleted',
    'rawScore',
    'score',
    'sourceId',
    'sourceValue1',
    'sourceValue2',
    'twitterHandle',
    'userToken',
  ]
  const readOnly = [
    'analyticsDetails.*',
    'crmDetails.*',
    'guid',
    'id',
    'isCustomer',
    'lastConvertedAt',
    'lastModifiedAt',
    'leadConversionEvents',
    'leadId',
    'leadJsonLink',
    'leadLink',
    'leadNurturingActive',
    'numConversionEvents',
    'portalId',
    'publicLeadLink',
    'sourceValueModifiedAt',
  ]
  // For an object, all its fields are read-only: "All fields in this object are not editable".
  const classOf = (schema: Schema) => {
    const inner = Object.values(properties(schema))
    return inner.length > 0 && inner.every(field => field.readOnly) ? '.*' : schema.readOnly
  }
  const byClass = (wanted: unknown) =>
    Object.entries(fields)
      .filter(([, schema]) => classOf(schema) === wanted)
      .map(([name]) => (wanted === '.*' ? `${name}.*` : name))
  t.strictSame(byClass(false).sort(), editable)
  t.strictSame([...byClass(true), ...byClass('.*')].sort(), readOnly)
  t.equal(byClass(undefined).length, Object.keys(fields).length - editable.length - readOnly.length)
  t.ok(byClass(undefined).includes('email'))
})

t.test('leadSchema: every field of a conversion event is read-only', async t => {
  const event = properties(fields.leadConversionEvents?.items)
  const values = properties(event.formSubmissionValues?.items)
  for (const [name, schema] of [...Object.entries(event), ...Object.entries(values)]) {
    t.equal(schema.readOnly, true, name)
  }
})

t.test('leadSchema: only the guid is required, as a string that is not empty', async t => {
  t.equal(problem({ guid: 'a' }), undefined)
  t.match(problem({}), "must have required property 'guid'")
  t.match(problem({ guid: '' }), '/guid must NOT have fewer than 1 characters')
  t.match(problem({ guid: 7 }), '/guid must be string')
  t.match(problem({ guid: null }), '/guid must be string')
  for (const name of Object.keys(sample)) {
    const { [name as keyof Lead]: _, ...rest } = sample
    if (name !== 'guid') t.equal(problem(rest), undefined, `without ${name}`)
  }
})

t.test('leadSchema: undocumented fields are valid and kept, at every level', async t => {
  const [event] = sample.leadConversionEvents ?? []
  const lead = {
    ...sample,
    newField: { nested: [1] },
    analyticsDetails: { ...sample.analyticsDetails, newField: 'a' },
    crmDetails: { newField: null },
    leadConversionEvents: [{ ...event, newField: 1, formSubmissionValues: [{ newField: true }] }],
  }
  const before = structuredClone(lead)
  t.equal(problem(lead), undefined)
  t.strictSame(lead, before, 'validation does not change the lead')
})

t.test('leadSchema: a score is optional, and any number', async t => {
  const { score, rawScore, ...withoutGrading } = sample
  t.equal(problem(withoutGrading), undefined)
  for (const score of [99.96, 100, 0, -1]) t.equal(problem({ ...sample, score, rawScore: score }), undefined)
  t.match(problem({ ...sample, score: '97' }), '/score must be number')
})

t.test('leadSchema: a time is an integer in milliseconds, 0 for an event that never happened', async t => {
  for (const name of [
    'closedAt',
    'lastConvertedAt',
    'insertedAt',
    'lastModifiedAt',
    'customerStatusModifiedAt',
  ]) {
    t.equal(problem({ ...sample, [name]: 0 }), undefined)
    t.match(problem({ ...sample, [name]: 1.5 }), `/${name} must be integer`)
    t.match(problem({ ...sample, [name]: null }), `/${name} must be integer`)
    t.match(problem({ ...sample, [name]: '1275718091660' }), `/${name} must be integer`)
  }
})

t.test('leadSchema: values that portals have been seen to send are valid', async t => {
  const [event] = sample.leadConversionEvents ?? []
  const [value] = event?.formSubmissionValues ?? []
  t.equal(problem({ ...sample, leadNurturingCampaignId: -1 }), undefined)
  t.equal(problem({ ...sample, leadConversionEvents: [] }), undefined)
  t.equal(
    problem({
      ...sample,
      leadConversionEvents: [{ ...event, formSubmissionValues: [{ ...value, formGuid: '' }] }],
    }),
    undefined,
  )
})

t.test('leadSchema: log items may have any fields, and none is required', async t => {
  for (const item of [{}, { id: 1 }, { id: 1, insertedAt: 0, previousState: true, by: 'someone' }]) {
    t.equal(problem({ ...sample, leadCustomerStatusModifyLogs: [item], leadDeleteLogs: [item] }), undefined)
  }
  t.equal(problem({ ...sample, leadDeleteLogs: [{ id: 'any', deleted: [true] }] }), undefined)
  t.match(problem({ ...sample, leadDeleteLogs: [7] }), '/leadDeleteLogs/0 must be object')
})

t.test('leadSchema: an error names the path of a value that has the wrong type', async t => {
  t.match(problem({ ...sample, email: null }), '/email must be string')
  t.match(problem({ ...sample, isCustomer: 'true' }), '/isCustomer must be boolean')
  t.match(problem({ ...sample, leadConversionEvents: {} }), '/leadConversionEvents must be array')
  t.match(
    problem({ ...sample, leadConversionEvents: [{ formSubmissionValues: [{ fieldValue: 1 }] }] }),
    '/leadConversionEvents/0/formSubmissionValues/0/fieldValue must be string',
  )
  t.match(problem([]), 'must be object')
})

t.test('leadSchema: every field has a description', async t => {
  const described = (schema: Schema & { description?: string }): boolean =>
    schema.description !== undefined &&
    Object.values(properties(schema)).every(described) &&
    Object.values(properties(schema.items)).every(described)
  for (const [name, schema] of Object.entries(fields)) t.ok(described(schema), name)
})
