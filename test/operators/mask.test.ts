import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import t from 'tap'
import type { Lead, Operator } from '../../lib/index.ts'
import { compose } from '../../lib/operators/compose.ts'
import { explodeEvents, explodeFormValues } from '../../lib/operators/explode.ts'
import { mask } from '../../lib/operators/mask.ts'
import { personalFields } from '../../lib/operators/personalFields.ts'
import { generateLeads } from '../../lib/portal/index.ts'
import { run } from '../../lib/run/run.ts'
import { toArray } from '../../lib/sinks/toArray.ts'
import { toFile } from '../../lib/sinks/toFile.ts'
import { source } from '../../lib/sources/source.ts'
import { recipe } from '../../lib/streams/attach.ts'
import { failureOf } from '../support/failureOf.ts'

const key = 'a secret of 20 bytes'

async function through(values: readonly unknown[], operator: Operator<never, unknown>): Promise<unknown[]> {
  const sink = toArray({ max: 20_000 })
  await run(values, operator as Operator<unknown, unknown>, sink)
  return sink.records
}

type Options = { how: 'drop' | 'redact' | 'hash'; key?: string; fields?: readonly string[] }
const masked = async (value: unknown, options: Options = { how: 'redact' }) =>
  (await through([value], mask<unknown, 'redact', string>(options as never)))[0]

/** Fields of a lead, as the documentation of 2011 shows them, whose values must not survive. */
const personal = [
  ...(['email', 'firstName', 'lastName', 'phone', 'fax', 'address', 'zip', 'ipAddress'] as const),
  ...(['userToken', 'publicLeadLink', 'leadJsonLink', 'twitterHandle', 'message'] as const),
]

/** Every text in a value, however deep. */
const textsIn = (value: unknown): string[] =>
  typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [String(value)]

const generated = () => [...generateLeads({ count: 1_000 })]

/** The personal values of a lead, with those that it typed into forms. */
const personalValues = (lead: Lead): string[] =>
  personal.map(name => String(lead[name] ?? '')).filter(text => text !== '')

for (const options of [{ how: 'drop' }, { how: 'redact' }, { how: 'hash', key }] as const) {
  t.test(`mask: ${options.how} leaves no personal value of 1,000 leads anywhere in the output`, async t => {
    const leads = generated()
    const records = await through(leads, mask<Lead, 'redact'>(options as never))
    t.equal(records.length, leads.length)
    let checked = 0
    for (const [index, lead] of leads.entries()) {
      const text = JSON.stringify(records[index])
      const texts = new Set(textsIn(records[index]))
      for (const value of personalValues(lead)) {
        checked += 1
        if (texts.has(value)) t.fail(`${value} is a value`)
        // Shorter ones are parts of ordinary words.
        if (value.length >= 8 && text.includes(JSON.stringify(value).slice(1, -1)))
          t.fail(`${value} is in the text`)
      }
    }
    t.ok(checked > 6_000, `${checked} values`)
  })
}

t.test('mask: the leads that it is tested with repeat personal values in form values', t => {
  const repeated = generated().filter(lead => {
    const typed = new Set(textsIn(lead.leadConversionEvents?.flatMap(event => event.formSubmissionValues)))
    return personalValues(lead).some(value => typed.has(value))
  })
  t.ok(repeated.length > 300)
  t.end()
})

t.test('mask: nothing else of a lead is changed', async t => {
  const leads = generated().slice(0, 50)
  for (const [index, record] of (await through(leads, mask<Lead, 'redact'>({ how: 'redact' }))).entries()) {
    const rest = (value: Lead) => {
      const { leadConversionEvents, analyticsDetails, crmDetails, ...top } = value
      const others = Object.entries(top).filter(([name]) => !personal.includes(name as never))
      return [others, { ...analyticsDetails, userToken: 0 }, { ...crmDetails, nextActionAssignedToEmail: 0 }]
    }
    t.strictSame(rest(record as Lead), rest(leads[index] as Lead))
  }
})

t.test('mask: exploded events and form values are masked the same', async t => {
  const leads = generated().slice(0, 200)
  const first = mask<Lead, 'hash'>({ how: 'hash', key })
  const explode = () => compose(explodeEvents<Lead>(), explodeFormValues())
  const before = await through(leads, compose(first as unknown as Operator<Lead, Lead>, explode()))
  const last = await through(leads, compose(explode(), mask({ how: 'hash', key })))
  t.ok(before.length > 300)
  t.strictSame(before, last)
})

t.test('mask: a contact of today, its history, and a submission', async t => {
  const contact = {
    id: '1',
    properties: {
      email: 'ada@example.com',
      firstname: 'Ada',
      lastname: 'L',
      phone: null,
      mobilephone: '7',
      hs_calculated_phone_number: '+7',
      address: 'A 1',
      zip: '1',
      city: 'Rome',
      company: 'C',
      hs_additional_emails: 'x@y.z',
      hs_email_domain: 'example.com',
      lifecyclestage: 'lead',
    },
    propertiesWithHistory: {
      email: [{ value: 'old@example.com', timestamp: 't' }],
      lifecyclestage: [{ value: 'lead', timestamp: 't' }],
    },
    createdAt: 't',
  }
  const R = 'REDACTED'
  t.strictSame(await masked(contact), {
    id: '1',
    properties: {
      email: R,
      firstname: R,
      lastname: R,
      phone: null,
      mobilephone: R,
      hs_calculated_phone_number: R,
      address: R,
      zip: R,
      city: 'Rome',
      company: 'C',
      hs_additional_emails: R,
      hs_email_domain: 'example.com',
      lifecyclestage: 'lead',
    },
    propertiesWithHistory: { email: R, lifecyclestage: contact.propertiesWithHistory.lifecyclestage },
    createdAt: 't',
  })
  const submission = {
    submittedAt: 1,
    formGuid: 'f',
    formName: 'Contact us',
    pageUrl: 'http://x.example/',
    values: [
      { name: 'email', value: 'ada@example.com', objectTypeId: '0-1' },
      { name: '0-1/firstname', value: 'Ada' },
      { name: 'plan', value: 'Pro' },
    ],
  }
  t.strictSame(await masked(submission), {
    ...submission,
    values: [
      { name: 'email', value: R, objectTypeId: '0-1' },
      { name: '0-1/firstname', value: R },
      { name: 'plan', value: 'Pro' },
    ],
  })
})

t.test('mask: form values, by the name or the label of the field, in any spelling', async t => {
  const typedOf = async (fieldName: unknown, fieldLabel: unknown) =>
    ((await masked({ fieldName, fieldLabel, fieldValue: 'v' })) as { fieldValue: unknown }).fieldValue
  for (const [name, label] of [
    ['Email', 'x'],
    ['x', 'Email (we will keep your email completely private)'],
    ['E-Mail', null],
    ['eMail', ''],
    ['work_email', undefined],
    ['phone1', 'x'],
    ['x', 'Your First Name*'],
    ['FIRSTNAME', 'x'],
    ['last-name', 'x'],
    ['x', 'Name'],
    ['name', 'x'],
    ['x', 'IP address'],
    ['field_7', 'Comments / questions'],
    ['x', 'Twitter handle'],
    ['Message', 'Message'],
  ])
    t.equal(await typedOf(name, label), 'REDACTED', `${name} ${label}`)
  for (const [name, label] of [
    ['Company', 'Company name'],
    ['JobTitle', 'Job Title'],
    ['x', 'How many phones?'],
    ['Website', 'Website URL'],
    [7, {}],
  ])
    t.equal(await typedOf(name, label), 'v', `${name} ${label}`)
})

t.test(
  'mask: form values that repeat a masked value, or contain an email address, whatever their field is called',
  async t => {
    const record = {
      firstName: 'Ada',
      email: 'ada@example.com',
      city: 'Ada',
      leadConversionEvents: [
        {
          formSubmissionValues: [
            { fieldName: 'prénom', fieldValue: ' ADA ' },
            { fieldName: 'q1', fieldValue: 'ask bob@example.com' },
            { fieldName: 'q2', fieldValue: 'Adam' },
          ],
        },
      ],
    }
    t.strictSame(await masked(record), {
      firstName: 'REDACTED',
      email: 'REDACTED',
      city: 'Ada',
      leadConversionEvents: [
        {
          formSubmissionValues: [
            { fieldName: 'prénom', fieldValue: 'REDACTED' },
            { fieldName: 'q1', fieldValue: 'REDACTED' },
            { fieldName: 'q2', fieldValue: 'Adam' },
          ],
        },
      ],
    })
  },
)

t.test('mask: a hash is HMAC-SHA-256 of the text: equal values have equal hashes, in every run', async t => {
  const hmac = (text: string) => createHmac('sha256', key).update(text).digest('hex')
  const value = {
    email: 'a@x.example',
    phone: 7,
    address: { street: 's' },
    other: [{ fieldName: 'Email', fieldValue: 'a@x.example' }],
  }
  const expected = {
    email: hmac('a@x.example'),
    phone: hmac('7'),
    address: hmac('{"street":"s"}'),
    other: [{ fieldName: 'Email', fieldValue: hmac('a@x.example') }],
  }
  t.strictSame(await masked(value, { how: 'hash', key }), expected)
  t.strictSame(await masked(value, { how: 'hash', key: Buffer.from(key) as never }), expected)
  t.not(((await masked(value, { how: 'hash', key: `${key}2` })) as typeof value).email, expected.email)
})

t.test(
  'mask: null, "" and missing fields stay; drop removes the field, and only the value of a form field',
  async t => {
    const value = {
      email: null,
      phone: '',
      fax: 0,
      values: [{ name: 'email', value: 'a@x.example' }],
      'contact.email': 'a@x.example',
    }
    t.strictSame(await masked(value), {
      email: null,
      phone: '',
      fax: 'REDACTED',
      values: [{ name: 'email', value: 'REDACTED' }],
      'contact.email': 'REDACTED',
    })
    t.strictSame(await masked(value, { how: 'drop' }), { values: [{ name: 'email' }] })
  },
)

t.test('mask: fields of your own replace the list', async t => {
  const value = {
    email: 'e',
    Company_Name: 'c',
    formValue: { fieldLabel: 'Your company name', fieldValue: 'c' },
  }
  t.strictSame(await masked(value, { how: 'redact', fields: ['companyName'] }), {
    email: 'e',
    Company_Name: 'REDACTED',
    formValue: { fieldLabel: 'Your company name', fieldValue: 'REDACTED' },
  })
  t.strictSame(await masked(value, { how: 'drop', fields: [...personalFields, 'companyName'] }), {
    formValue: { fieldLabel: 'Your company name' },
  })
})

t.test('mask: names of a prototype are ordinary names, and the value is not changed', async t => {
  const value = JSON.parse('{"__proto__": {"email": "e", "n": 1}, "constructor": {"email": "e"}}')
  const record = (await masked(value)) as object
  t.equal(
    JSON.stringify(record),
    '{"__proto__":{"email":"REDACTED","n":1},"constructor":{"email":"REDACTED"}}',
  )
  t.equal(JSON.stringify(value), '{"__proto__":{"email":"e","n":1},"constructor":{"email":"e"}}')
})

t.test('mask: the key is neither in an error nor in a checkpoint, which refuses another key', async t => {
  const short = 'too short secret'.slice(1)
  for (const given of [short, 7, Buffer.from(short)]) {
    const failure = await failureOf(async () => mask({ how: 'hash', key: given as never }))
    t.match(failure, { code: 'OPTION', context: { owner: 'mask()', option: 'key' } })
    t.notMatch(JSON.stringify([failure, (failure as Error).message]), /too short secre|oo short/)
  }
  const folder = t.testdir()
  const once = (secret: string) =>
    run(
      source('people', async function* () {
        yield { position: 1, records: [{ email: 'a@x.example' }] }
      } as never),
      mask<unknown, 'hash'>({ how: 'hash', key: secret }),
      toFile(`${folder}/out.ndjson`),
      { checkpoint: { path: `${folder}/c.json`, whenFinished: 'stop' } },
    )
  await once(key)
  const saved = readFileSync(`${folder}/c.json`, 'utf8')
  t.notMatch(saved, key)
  t.notMatch(saved, Buffer.from(key).toString('base64'))
  t.notMatch(saved, 'a@x.example')
  const failure = await failureOf(once(`${key}, another`))
  t.match(failure, { code: 'CHECKPOINT', context: { differs: /operators\.0\.options\.key/ } })
  t.notMatch((failure as Error).message, key)
})

t.test('mask: wrong options are OPTION errors', t => {
  for (const [options, message] of [
    [undefined, 'mask(): how: expected "drop", "redact" or "hash", received none'],
    [{ how: 'hide' }, 'mask(): how: expected "drop", "redact" or "hash", received \'hide\''],
    [
      { how: 'hash' },
      "mask(): key: expected a text of at least 16 characters, or at least 16 bytes with how 'hash', received none",
    ],
    [{ how: 'drop', key }, "mask(): key: expected none with how 'drop', received one"],
    [{ how: 'drop', fields: [] }, 'mask(): fields: expected a list of at least one name, received []'],
    [
      { how: 'drop', fields: ['--'] },
      "mask(): fields: expected names with a letter or a digit, received '--'",
    ],
  ])
    t.throws(() => mask(options as never), { code: 'OPTION', message })
  t.end()
})

t.test('mask: a value that holds itself is an OPERATOR error', async t => {
  const circular: Record<string, unknown> = {}
  circular.self = circular
  t.match(await failureOf(masked(circular)), {
    code: 'OPERATOR',
    message: 'mask: expected a value of at most 1,000 levels',
  })
})

t.test('mask: its options in a checkpoint name the fields, and a digest of the key', t => {
  const [definition] = mask({ how: 'hash', key, fields: ['email'] })[recipe] as unknown as [
    { options: unknown },
  ]
  t.match(definition.options, { how: 'hash', fields: ['email'], key: /^[0-9a-f]{16}$/ })
  t.end()
})
