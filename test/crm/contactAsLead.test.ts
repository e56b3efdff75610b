import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import type { AnyRecord } from '../../lib/crm/CrmRecord.ts'
import { contactAsLead, joinProperties, leadProperties } from '../../lib/crm/contactAsLead.ts'
import { contactSubmissions } from '../../lib/crm/contactSubmissions.ts'
import { conversionEvent, emailOf, labelsOf } from '../../lib/crm/conversionEvents.ts'
import type { Form } from '../../lib/crm/Form.ts'
import { type Lead, leadSchema } from '../../lib/lead/Lead.ts'
import { validate } from '../../lib/operators/validate.ts'
import { root } from '../support/root.ts'
import { withoutSource } from '../support/sharedFields.ts'

const time = '2026-11-27T10:00:00.123Z'
const ms = Date.parse(time)

const contactOf = (properties: Record<string, unknown>, rest: object = {}): AnyRecord =>
  ({
    ...{ id: '57156923994', createdAt: time, updatedAt: time, archived: false },
    ...rest,
    properties,
  }) as unknown as AnyRecord

function leadOf(
  properties: Record<string, unknown>,
  rest: object = {},
  portalId: number | undefined = 62515,
) {
  const unreadable: string[] = []
  const lead = contactAsLead(contactOf(properties, rest), { guid: 'g', portalId, events: [] }, name =>
    unreadable.push(name),
  )
  return { lead, unreadable }
}

const fields: [properties: Record<string, unknown>, lead: Partial<Lead>][] = [
  [
    { firstname: 'Ada', lastname: '' },
    { firstName: 'Ada', lastName: '' },
  ],
  [{ phone: null }, { phone: '' }],
  [
    { createdate: time, lastmodifieddate: String(ms), recent_conversion_date: null },
    { insertedAt: ms, lastModifiedAt: ms, lastConvertedAt: 0 },
  ],
  [{ closedate: time }, { closedAt: ms, isCustomer: true }],
  [{ closedate: null }, { closedAt: 0, isCustomer: false }],
  [
    { lifecyclestage: 'lead', closedate: time },
    { closedAt: ms, isCustomer: false },
  ],
  [{ lifecyclestage: 'customer' }, { isCustomer: true }],
  [
    { hs_v2_date_entered_customer: null, hs_lifecyclestage_customer_date: time },
    { customerStatusModifiedAt: ms },
  ],
  [{ hs_v2_date_entered_customer: time }, { customerStatusModifiedAt: ms }],
  [
    { email: 'a@b.example', hs_email_optout: 'false', hs_email_bounce: null },
    { email: 'a@b.example', emailOptOut: false, emailBounced: false, eligibleForEmail: true },
  ],
  [
    { email: '', hs_email_optout: null, hs_email_bounce: '0' },
    { email: '', emailOptOut: false, emailBounced: false, eligibleForEmail: false },
  ],
  [{ hs_email_bounce: '2' }, { emailBounced: true }],
  [{ hs_email_hard_bounce_reason_enum: 'UNKNOWN_USER' }, { emailBounced: true }],
  [{ hs_email_optout: 'true' }, { emailOptOut: true }],
  [{ hs_object_source: 'IMPORT' }, { imported: true }],
  [
    { hs_object_source: 'FORM', hs_analytics_source_data_1: 'IMPORT' },
    { imported: false, sourceValue1: 'IMPORT' },
  ],
  [{ hs_analytics_source_data_1: 'IMPORT' }, { imported: true, sourceValue1: 'IMPORT' }],
  [
    { hs_analytics_source: 'PAID_SOCIAL', hs_analytics_source_data_1: 'X', hs_analytics_source_data_2: 'y' },
    {
      ...{
        sourceId: 6,
        foundVia: 'Social Media',
        fullFoundViaString: 'Social Media - X - y',
        imported: false,
      },
      ...{ sourceValue1: 'X', sourceValue2: 'y' },
    },
  ],
  [{ hs_analytics_source: 'OFFLINE' }, {}],
  [{ hs_analytics_source: 'constructor' }, {}],
  [
    { hs_analytics_first_referrer: 'http://www.google.example/search?q=a' },
    { firstReferrer: 'http://www.google.example/search?q=a', firstRefDomain: 'google.example' },
  ],
  [
    { hs_analytics_first_referrer: 'partner.example/a' },
    { firstReferrer: 'partner.example/a', firstRefDomain: 'partner.example' },
  ],
  [
    { hs_analytics_first_referrer: 'not an address' },
    { firstReferrer: 'not an address', firstRefDomain: '' },
  ],
  [
    { num_conversion_events: '3', hubspotscore: '97.5', hs_predictivecontactscore_v2: null },
    { numConversionEvents: 3, score: 97.5 },
  ],
  [
    { hs_analytics_num_page_views: '4', hs_analytics_last_timestamp: time },
    { analyticsDetails: { pageViewCount: 4, lastPageViewAt: ms } },
  ],
  [
    { annualrevenue: '10', hs_lead_status: null, notes_next_activity_date: null },
    { crmDetails: { annualRevenue: 10, nextActionDue: 0, status: '' } },
  ],
]

/** What every lead of these contacts has. */
const common = {
  ...{ guid: 'g', id: 'g', leadConversionEvents: [], isDeleted: false, portalId: 62515 },
  ...{ leadId: 57156923994, leadLink: 'https://app.hubspot.com/contacts/62515/record/0-1/57156923994' },
  ...{ analyticsDetails: {}, crmDetails: {} },
}

for (const [properties, expected] of fields) {
  t.test(`contactAsLead: ${JSON.stringify(properties)}`, async t => {
    const { lead, unreadable } = leadOf(properties)
    t.strictSame(lead, { ...common, ...expected })
    t.strictSame(unreadable, [])
    const names = Object.keys(leadSchema.properties)
    t.strictSame(
      Object.keys(lead),
      names.filter(name => name in lead),
      'the fields are in the order of the API',
    )
  })
}

t.test('contactAsLead: an archived contact is a deleted lead', async t => {
  const { lead } = leadOf({}, { archived: true, archivedAt: time, url: 'https://app.example/1' })
  t.match(lead, { isDeleted: true, leadDeleteLogs: [{ insertedAt: ms }], leadLink: 'https://app.example/1' })
})

t.test(
  'contactAsLead: an id that a number can not hold gives no leadId, an unknown portal no leadLink',
  async t => {
    const contact = contactOf({}, { id: '123456789012345678901' })
    const lead = contactAsLead(contact, { guid: 'g', portalId: undefined, events: [] }, () => {})
    t.strictSame(lead, {
      ...{ analyticsDetails: {}, crmDetails: {}, guid: 'g', id: 'g', isDeleted: false },
      leadConversionEvents: [],
    })
  },
)

t.test('contactAsLead: values that are not of their types are absent, and named once', async t => {
  const { lead, unreadable } = leadOf({ annualrevenue: '1 Mio.', closedate: 'soon', firstname: 5 })
  t.strictSame(unreadable.sort(), ['annualrevenue', 'closedate', 'firstname'])
  t.strictSame(lead, common)
})

t.test(
  'contactAsLead: each property that is requested changes a lead, or is used to find submissions',
  async t => {
    const join: string[] = [...joinProperties.emails, joinProperties.merged, joinProperties.submissions]
    const samples = ['1', time, 'true', 'a text', 'IMPORT', 'EMAIL_MARKETING']
    for (const name of leadProperties) {
      const isUsed = samples.some(value => {
        const { lead } = leadOf({ [name]: value })
        return JSON.stringify(lead) !== JSON.stringify(leadOf({}).lead)
      })
      t.ok(isUsed || join.includes(name), name)
    }
  },
)

t.test('contactAsLead: the documentation names the fields that have no source', async t => {
  const all = Object.fromEntries(leadProperties.map(name => [name, null]))
  const everything = {
    ...leadOf({ ...all, num_conversion_events: '1', hubspotscore: '1', hs_predictivecontactscore_v2: '1' })
      .lead,
    ...leadOf({ hs_analytics_source: 'REFERRALS' }, { archived: true, archivedAt: time }).lead,
  }
  const absent = Object.keys(leadSchema.properties).filter(name => !(name in everything))
  const ofParts = ['closeProbability', 'crmType', 'estimatedRevenue', 'formId']
  t.strictSame([...absent, ...ofParts].sort(), [...withoutSource])
  const docs = readFileSync(`${root}lib/sources/crm/contactsAsLeads.ts`, 'utf8')
  for (const name of withoutSource) t.match(docs, `\`${name}\``)
})

t.test('contactAsLead: whatever the properties hold, the lead matches the schema', async t => {
  const leads: Lead[] = []
  const value = fc.oneof(
    fc.constantFrom(null, '', '0', '1', 'true', time, 'IMPORT', 'REFERRALS'),
    fc.string(),
    fc.integer(),
  )
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...leadProperties), value), properties => {
      leads.push(leadOf(properties).lead)
    }),
  )
  const checked: unknown[] = []
  const schema = validate()
  schema.on('data', lead => checked.push(lead))
  for (const lead of leads) schema.write(lead)
  schema.end()
  await new Promise(resolve => schema.once('end', resolve))
  t.equal(checked.length, leads.length)
})

const submission = {
  ...{
    conversionId: 'c1',
    submittedAt: ms,
    formGuid: 'f1',
    formName: 'Contact Us',
    pageUrl: 'http://x.example/',
  },
  values: [
    { objectTypeId: '0-1', name: 'email', value: ' Ada@B.example' },
    { objectTypeId: '0-2', name: 'name', value: 'Company' },
    { name: 'color', value: 'red' },
    { name: 'color', value: 'blue' },
  ],
}

const form = {
  id: 'f1',
  fieldGroups: [
    {
      fields: [
        { objectTypeId: '0-1', name: 'email', label: 'E-mail' },
        { name: 'color', label: 'Colors' },
      ],
    },
    {},
    {
      fields: [
        { objectTypeId: '0-1', name: 'name', label: 'Your name' },
        {
          objectTypeId: '0-1',
          name: 'why',
          dependentFields: [{ dependentField: { objectTypeId: '0-2', name: 'name', label: 'Employer' } }],
        },
      ],
    },
  ],
} as unknown as Form

t.test('conversionEvent: a submission has the shape of 2011, with the labels of its form', async t => {
  const event = conversionEvent({ submission, pageTitle: 'Home', labels: labelsOf(form) }, 'g', 7)
  const facts = { formGuid: 'f1', formName: 'Contact Us', leadGuid: 'g', portalId: 7, convertDate: ms }
  const value = (fieldName: string, fieldValue: string, fieldLabel: string) => ({
    ...{ ...facts, conversionGuid: 'c1' },
    ...{ fieldName, fieldValue, fieldLabel },
  })
  t.strictSame(event, {
    ...facts,
    ...{ guid: 'c1', id: 'c1', pageName: 'Home', pageType: 'Form', pageUrl: 'http://x.example/' },
    formSubmissionValues: [
      value('email', ' Ada@B.example', 'E-mail'),
      value('name', 'Company', 'Employer'),
      value('color', 'red', 'Colors'),
      value('color', 'blue', 'Colors'),
    ],
  })
})

t.test(
  'conversionEvent: what is unknown is absent; an old list of contacts may know the conversionId',
  async t => {
    const old = { submittedAt: ms, formGuid: 'f1', values: [{ name: 'constructor', value: 'x' }] }
    t.strictSame(conversionEvent({ submission: old, labels: labelsOf(form) }, 'g', undefined), {
      ...{ convertDate: ms, formGuid: 'f1', leadGuid: 'g', pageType: 'Form' },
      formSubmissionValues: [
        { convertDate: ms, fieldName: 'constructor', fieldValue: 'x', formGuid: 'f1', leadGuid: 'g' },
      ],
    })
    t.match(conversionEvent({ submission: old, conversionId: 'c9' }, 'g', undefined), {
      guid: 'c9',
      id: 'c9',
    })
  },
)

t.test('emailOf: the first address, trimmed and in lower case', async t => {
  t.equal(emailOf(submission), 'ada@b.example')
  const values = [
    { name: 'Email', value: '' },
    { name: 'EMAIL', value: 'B@c.example' },
  ]
  t.equal(emailOf({ ...submission, values }), 'b@c.example')
  t.equal(emailOf({ ...submission, values: [] }), undefined)
})

t.test('contactSubmissions: what a contact says about its submissions', async t => {
  const contact = contactOf({
    ...{ email: 'A@b.example', hs_additional_emails: 'c@d.example; E@f.example' },
    ...{ hs_merged_object_ids: '5;6', num_conversion_events: '4' },
    hs_calculated_form_submissions: `f1::${ms};f2:123:${ms + 1};broken;f3::x`,
  })
  t.strictSame(contactSubmissions(contact), {
    ids: ['57156923994', '5', '6'],
    emails: ['a@b.example', 'c@d.example', 'e@f.example'],
    named: [
      { form: 'f1', at: ms },
      { form: 'f2', at: ms + 1 },
    ],
    count: 4,
  })
  const nothing = { ids: ['57156923994'], emails: [], named: [] }
  t.strictSame(contactSubmissions(contactOf({ num_conversion_events: null })), { ...nothing, count: 0 })
  t.strictSame(contactSubmissions(contactOf({})), { ...nothing, count: Number.POSITIVE_INFINITY })
})
