import t from 'tap'
import type { Lead } from '../../lib/lead/Lead.ts'
import { contactProperties } from '../../lib/portal/crm/properties/contactProperties.ts'
import { recordIdOf, seqOfRecordId } from '../../lib/portal/crm/recordId.ts'
import { createPortal, type Portal } from '../../lib/portal/index.ts'
import { type CrmPage, type CrmRecord, crmJson, idsOf, readList, requestCrm } from './helpers/crm.ts'
import { getLeads, refusalOf } from './helpers/getList.ts'
import { startPortal } from './helpers/startPortal.ts'

const list = '/crm/objects/2026-09/contacts'
const batch = `${list}/batch/read`

/** The status and message of a request. */
const refusal = async (portal: Portal, path: string, body?: unknown) =>
  refusalOf(await requestCrm(portal, path, body))

/** All leads of a portal in the order of their places, deleted ones included. */
async function allLeads(portal: Portal): Promise<Lead[]> {
  const leads: Lead[] = []
  for (let offset = 0; offset < portal.leads; offset += 100) {
    leads.push(...(await getLeads(portal, `max=100&offset=${offset}&includeDeleted=true&sort=leadId`)))
  }
  return leads
}

t.test('recordIdOf: ids ascend, jump by orders of magnitude, and lead back to their place', async t => {
  const places = [1, 2, 999, 1_000, 1_001, 1_002, 1_000_000, 100_000_000]
  const ids = places.map(recordIdOf)
  t.same(ids.slice(0, 5), ['100051', '100102', '150949', '151000', '57156007007'])
  t.same(
    ids.map(Number),
    ids.map(Number).toSorted((a, b) => a - b),
  )
  t.same(ids.map(seqOfRecordId), places)
  for (const id of ['100000', '100052', '151051', '57156007000', '57156007008', '0100051', '1e5', '', '-1']) {
    t.equal(seqOfRecordId(id), undefined, id)
  }
})

t.test('portal contacts: a list has every lead once, in the order of ids, archived ones apart', async t => {
  const portal = await startPortal(t, { leads: 1_100 })
  const leads = await allLeads(portal)
  const expected = (isDeleted: boolean) =>
    leads.flatMap((lead, index) => (lead.isDeleted === isDeleted ? [recordIdOf(index + 1)] : []))
  for (const archived of [false, true]) {
    const pages = await readList(portal, `${list}?limit=90&archived=${archived}`)
    t.same(pages.flatMap(idsOf), expected(archived))
    t.ok(pages.flatMap(({ results }) => results).every(record => record.archived === archived))
    for (const { results, paging } of pages.slice(0, -1)) {
      t.equal(results.length, 90)
      t.equal(paging?.next.after, String(Number(results.at(-1)?.id) + 1), 'the last id plus 1')
      t.match(paging?.next.link, `https://api.hubapi.com${list}?limit=90&archived=${archived}&after=`)
    }
    t.notOk('paging' in (pages.at(-1) ?? {}))
  }
  t.equal((await crmJson(portal, list)).results.length, 10, 'ten records if no limit is given')
})

t.test('portal contacts: after is the id at which a page starts, whether a record has it or not', async t => {
  const portal = await startPortal(t, { leads: Array.from({ length: 1_003 }, (_, n) => ({ guid: `g${n}` })) })
  const first = async (after: string) => idsOf(await crmJson(portal, `${list}?limit=1&after=${after}`))[0]
  const cases: [after: string, id: string | undefined][] = [
    ['0', '100051'],
    ['1', '100051'],
    ['100051', '100051'],
    ['100052', '100102'],
    ['151000', '151000'],
    ['151001', '57156007007'],
    ['57156000000', '57156007007'],
    ['57156007008', '57156007014'],
    ['57156007022', undefined],
    ['9'.repeat(40), undefined],
  ]
  for (const [after, id] of cases) t.equal(await first(after), id, after)
})

t.test('portal contacts: properties are repeated or joined by commas; unknown ones are left out', async t => {
  const portal = await startPortal(t, { leads: 5 })
  const properties = async (query: string) =>
    Object.keys((await crmJson(portal, `${list}?${query}`)).results[0]?.properties ?? {})
  const always = ['createdate', 'hs_object_id', 'lastmodifieddate']
  t.same(await properties('properties=email,city&properties=phone'), [...always, 'email', 'city', 'phone'])
  t.same(await properties('properties=email,nonsense,email'), [...always, 'email'])
  t.same(await properties('properties=nonsense'), always)
  t.same(await properties(''), [
    'createdate',
    'email',
    'firstname',
    'hs_object_id',
    'lastmodifieddate',
    'lastname',
  ])
})

t.test('portal contacts: a record has the shape of each spelling of the path', async t => {
  const portal = await startPortal(t, { leads: [{ guid: 'a', insertedAt: 1_000, lastModifiedAt: 2_000 }] })
  const dated = {
    id: '100051',
    properties: {
      createdate: '1970-01-01T00:00:01.000Z',
      hs_object_id: '100051',
      lastmodifieddate: '1970-01-01T00:00:02.000Z',
      email: null,
    },
    createdAt: '1970-01-01T00:00:01.000Z',
    updatedAt: '1970-01-01T00:00:02.000Z',
    archived: false,
    url: 'https://app.hubspot.com/contacts/62515/record/0-1/100051',
  }
  const { url: _, ...plain } = dated
  for (const path of ['/crm/objects/2026-09/contacts', '/crm/objects/2026-03/0-1']) {
    t.same(await crmJson(portal, `${path}?properties=email`), { results: [dated] }, path)
  }
  t.same(await crmJson(portal, '/crm/v3/objects/contacts?properties=email'), { results: [plain] })
  t.same(await crmJson<unknown>(portal, '/crm/v3/objects/0-1/100051?properties=email'), plain)
  for (const path of ['/crm/objects/2025-09/contacts', '/crm/v4/objects/contacts', '/crm/v3/nothing']) {
    t.match(await refusal(portal, path), '404 Nothing is at ', path)
  }
})

t.test('portal contacts: each property is the field of the lead that the other face shows', async t => {
  const portal = await startPortal(t, { leads: 200, seed: 3 })
  const names = contactProperties.map(({ name }) => name).join()
  const records = (await readList(portal, `${list}?limit=100&properties=${names}`)).flatMap(
    ({ results }) => results,
  )
  const leads = (await allLeads(portal)).filter(({ isDeleted }) => !isDeleted)
  t.equal(records.length, leads.length)
  const iso = (time = 0) => (time === 0 ? null : new Date(time).toISOString())
  const number = (value: number | undefined) => (value === undefined ? null : String(value))
  for (const [index, lead] of leads.entries()) {
    const { properties, ...record } = records[index] as CrmRecord
    const events = lead.leadConversionEvents ?? []
    t.match(record, { createdAt: iso(lead.insertedAt), updatedAt: iso(lead.lastModifiedAt) })
    t.match(
      properties,
      {
        email: lead.email || null,
        firstname: lead.firstName || null,
        lastname: lead.lastName || null,
        jobtitle: lead.jobTitle || null,
        message: lead.message || null,
        createdate: iso(lead.insertedAt),
        lastmodifieddate: iso(lead.lastModifiedAt),
        closedate: iso(lead.closedAt),
        lifecyclestage: lead.isCustomer ? 'customer' : 'lead',
        hs_email_optout: String(lead.emailOptOut),
        hs_email_bounce: lead.emailBounced ? '1' : null,
        hubspotscore: number(lead.score),
        hs_predictivecontactscore_v2: number(lead.rawScore),
        hs_analytics_num_visits: number(lead.analyticsDetails?.visitCount),
        annualrevenue: number(lead.crmDetails?.annualRevenue),
        num_conversion_events: number(lead.numConversionEvents),
        recent_conversion_date: iso(lead.lastConvertedAt),
        first_conversion_date: iso(events[0]?.convertDate),
        hs_calculated_form_submissions:
          events.map(({ formGuid, convertDate }) => `${formGuid}::${convertDate}`).join(';') || null,
        hs_merged_object_ids: null,
        hs_all_contact_vids: record.id,
      },
      record.id,
    )
  }
})

t.test('portal contacts: history is the log of the life cycle, and one value of all others', async t => {
  const portal = await startPortal(t, {
    leads: [
      {
        guid: 'a',
        insertedAt: 1_000,
        lastModifiedAt: 9_000,
        isCustomer: true,
        email: 'a@b.example',
        leadCustomerStatusModifyLogs: [
          { id: 1, insertedAt: 2_000, previousState: false },
          { id: 2, insertedAt: 3_000, previousState: true },
          { id: 3, insertedAt: 4_000, previousState: false },
        ],
      },
    ],
  })
  const { results } = await crmJson(portal, `${list}?propertiesWithHistory=lifecyclestage,email,nonsense`)
  const at = (seconds: number) => new Date(seconds * 1_000).toISOString()
  t.match(results[0]?.properties, { lifecyclestage: 'customer', email: 'a@b.example' })
  const entry = (value: string, seconds: number) => ({ value, timestamp: at(seconds), sourceType: 'CRM_UI' })
  t.same(results[0]?.propertiesWithHistory, {
    lifecyclestage: [entry('customer', 4), entry('lead', 3), entry('customer', 2), entry('lead', 1)],
    email: [entry('a@b.example', 9)],
  })
  t.match(
    await refusal(portal, `${list}?limit=51&propertiesWithHistory=email`),
    '400 Invalid limit: expected a whole number from 1 to 50, got "51"',
  )
})

t.test('portal CRM: a wrong request is refused with a category, and what was expected', async t => {
  const portal = await startPortal(t, { leads: 3, objects: { '2-7': 1 } })
  const cases: [path: string, body: unknown, message: string][] = [
    [`${list}?limit=101`, undefined, '400 Invalid limit: expected a whole number from 1 to 100, got "101"'],
    [`${list}?limit=0`, undefined, '400 Invalid limit: expected a whole number from 1 to 100, got "0"'],
    [`${list}?after=x`, undefined, '400 Invalid after: expected a record id, got "x"'],
    [`${list}?archived=yes`, undefined, '400 Invalid archived: expected true or false, got "yes"'],
    [`${list}?associations=widgets`, undefined, '400 Unable to infer object type from: widgets'],
    ['/crm/objects/2026-09/2-8', undefined, '400 Unable to infer object type from: 2-8'],
    [batch, [], '400 Invalid input JSON: expected an object'],
    [batch, {}, '400 Invalid input JSON: inputs: expected an array'],
    [batch, { inputs: [5] }, '400 Invalid input JSON: inputs: expected objects with an id'],
    [
      batch,
      { inputs: [], properties: 'email' },
      '400 Invalid input JSON: properties: expected an array of texts',
    ],
    [
      batch,
      { inputs: Array(101).fill({ id: '1' }) },
      '400 Invalid input JSON: inputs: expected at most 100, got 101',
    ],
    [
      batch,
      { inputs: Array(51).fill({ id: '1' }), propertiesWithHistory: ['email'] },
      '400 Invalid input JSON: inputs: expected at most 50, got 51',
    ],
    [
      batch,
      { inputs: [{ id: 'x' }], idProperty: 'city' },
      '400 Invalid idProperty: city of contacts has no unique values',
    ],
  ]
  for (const [path, body, message] of cases) {
    const reply = await requestCrm(portal, path, body)
    t.equal(refusalOf(reply), message)
    t.match(JSON.parse(reply.body.toString()), {
      status: 'error',
      category: 'VALIDATION_ERROR',
      correlationId: reply.headers['x-hubspot-correlation-id'],
    })
    t.match(reply.headers['x-hubspot-correlation-id'], /^[\da-f-]{36}$/)
  }
  t.equal(await refusal(portal, `${list}/5`), '404 resource not found')
  const long = `${list}?properties=${'x'.repeat(16_000)}`
  t.match(await refusal(portal, long), '414 URI Too Long: expected at most 16000 characters, got ')
  t.equal((await requestCrm(portal, long.slice(0, 16_000))).status, 200)
})

t.test('portal CRM: a token without the scope is refused with 403, and the name of the scope', async t => {
  const portal = await startPortal(t, {
    leads: 3,
    objects: { leads: 2, '2-7': 2 },
    scopes: ['crm.objects.contacts.read'],
  })
  t.equal((await requestCrm(portal, list)).status, 200)
  for (const [type, scope] of [
    ['leads', 'crm.objects.leads.read'],
    ['0-136', 'crm.objects.leads.read'],
    ['2-7', 'crm.objects.custom.read'],
  ]) {
    for (const [path, body] of [
      [`/crm/v3/objects/${type}`, undefined],
      [`/crm/v3/objects/${type}/search`, {}],
      [`/crm/v3/objects/${type}/batch/read`, { inputs: [] }],
      [`/crm/v3/properties/${type}`, undefined],
      [`/crm/v4/associations/contacts/${type}/batch/read`, { inputs: [] }],
      [`${list}?associations=${type}`, undefined],
    ] as const) {
      const { status, body: bytes } = await requestCrm(portal, path, body)
      t.equal(status, 403, path)
      t.match(JSON.parse(bytes.toString()), {
        category: 'MISSING_SCOPES',
        errors: [{ context: { requiredGranularScopes: [scope] } }],
      })
    }
  }
})

t.test('portal batch read: ids that no record answers to are named in errors, with 207', async t => {
  const portal = await startPortal(t, { leads: 300 })
  const [archived = ''] = idsOf(await crmJson(portal, `${list}?archived=true&limit=1`))
  const [first = '', second = ''] = idsOf(await crmJson(portal, `${list}?limit=2`))
  const inputs = [second, '5', archived, first, first].map(id => ({ id }))
  const { status, body } = await requestCrm(portal, batch, { inputs, properties: ['email'] })
  t.equal(status, 207)
  const answer = JSON.parse(body.toString())
  t.same(idsOf(answer), [second, first], 'each record once')
  t.match(answer, {
    status: 'COMPLETE',
    numErrors: 1,
    errors: [{ status: 'error', category: 'OBJECT_NOT_FOUND', context: { ids: ['5', archived] } }],
    completedAt: /^2.*Z$/,
  })
  t.same(idsOf(await crmJson(portal, `${batch}?archived=true`, { inputs: [{ id: archived }] })), [archived])
  const whole = await requestCrm(portal, batch, { inputs: [{ id: first }] })
  t.equal(whole.status, 200)
  t.notOk('errors' in JSON.parse(whole.body.toString()))
})

t.test('portal batch read: a unique property finds records too', async t => {
  const portal = await startPortal(t, {
    leads: [
      { guid: 'a', email: 'a@b.example', code: 'x1' },
      { guid: 'b', email: 'c@d.example', code: 'x2' },
    ],
    objects: { '2-7': [{ id: 5, properties: { code: 'y' } }] },
    properties: {
      contacts: [{ name: 'code', hasUniqueValue: true }],
      '2-7': [{ name: 'code', hasUniqueValue: true }],
    },
  })
  const read = async (type: string, idProperty: string, ...ids: string[]) =>
    idsOf(
      await crmJson(portal, `/crm/v3/objects/${type}/batch/read`, {
        idProperty,
        inputs: ids.map(id => ({ id })),
      }),
    )
  t.same(await read('contacts', 'email', 'C@D.example', 'nobody@b.example'), ['100102'])
  t.same(await read('contacts', 'code', 'x1'), ['100051'])
  t.same(await read('2-7', 'code', 'y'), ['5'])
  t.same(await read('2-7', 'hs_object_id', '5'), ['5'])
})

t.test('portal properties: every property that a record can have is defined, with its type', async t => {
  const portal = await startPortal(t, {
    leads: 1,
    properties: {
      contacts: [
        'colour',
        { name: 'size', type: 'enumeration', label: 'Size', options: ['S', 'L'] },
        { name: 'secret', dataSensitivity: 'sensitive' },
      ],
    },
    objects: { deals: [{ properties: { dealname: 'A', mood: 'good' } }] },
  })
  interface Definition {
    name: string
    type: string
    calculated: boolean
    hubspotDefined: boolean
    hidden: boolean
  }
  const definitions = async (path: string) => (await crmJson<{ results: Definition[] }>(portal, path)).results
  const contacts = await definitions('/crm/properties/2026-09/contacts')
  t.same(contacts, await definitions('/crm/v3/properties/0-1'))
  const names = contacts.map(({ name }) => name)
  t.same(names, [...contactProperties.map(({ name }) => name), 'colour', 'size'])
  t.equal(new Set(names).size, names.length)
  const find = (name: string) => contacts.find(one => one.name === name)
  t.match(find('email'), { type: 'string', fieldType: 'text', calculated: false, hubspotDefined: true })
  t.match(find('num_conversion_events'), {
    type: 'number',
    calculated: true,
    modificationMetadata: { readOnlyValue: true },
  })
  t.match(find('lifecyclestage'), { options: [{ value: 'lead' }, { value: 'customer' }] })
  t.match(find('hs_calculated_form_submissions'), { hidden: true, calculated: true })
  t.match(find('size'), { label: 'Size', hubspotDefined: false, options: [{ value: 'S' }, { value: 'L' }] })
  t.match(await definitions('/crm/v3/properties/contacts?dataSensitivity=sensitive'), [{ name: 'secret' }])
  const deals = (await definitions('/crm/v3/properties/deals')).map(({ name }) => name)
  t.ok(
    ['createdate', 'hs_lastmodifieddate', 'hs_object_id', 'dealname', 'mood'].every(one =>
      deals.includes(one),
    ),
  )
})

t.test('portal objects: generated records are the same for a seed, and are read like contacts', async t => {
  const options = {
    leads: 20,
    objects: { companies: 30, deals: 5, tickets: 5, leads: 5, '2-123': 5 },
    seed: 7,
  }
  const portal = await startPortal(t, options)
  const again = await startPortal(t, options)
  for (const [type, count] of Object.entries(options.objects)) {
    const path = `/crm/v3/objects/${type}?limit=7&associations=contacts`
    const pages = await readList(portal, path)
    t.same(pages, await readList(again, path))
    const archived = await readList(portal, `${path}&archived=true`)
    t.equal([...pages, ...archived].flatMap(idsOf).length, count)
    t.ok(pages[0]?.results[0]?.properties.hs_lastmodifieddate, type)
    t.equal(portal.crm.count(type), pages.flatMap(idsOf).length)
  }
  t.same(
    idsOf(await crmJson(portal, '/crm/v3/objects/0-2')),
    idsOf(await crmJson(portal, '/crm/v3/objects/companies')),
  )
})

t.test('portal objects: your own records have ids, times and associations of your own', async t => {
  const portal = await startPortal(t, {
    leads: 3,
    now: () => 5_000,
    objects: {
      // Ids need not be in order.
      deals: [
        { id: 12, properties: { amount: 5, won: true, note: null } },
        { id: '7', associations: { contacts: ['100051', 100153], '2-1': ['3'] } },
        { properties: { createdate: 1_000, hs_lastmodifieddate: '1970-01-01T00:00:02.000Z' } },
        { id: '9007199254740991', archived: true },
      ],
      '2-1': (async function* () {
        yield { id: 3 }
      })(),
    },
  })
  const { results } = await crmJson(
    portal,
    '/crm/v3/objects/deals?properties=amount,won,note&associations=contacts,2-1',
  )
  t.match(results, [
    {
      id: '7',
      createdAt: '1970-01-01T00:00:05.000Z',
      associations: {
        contacts: { results: [{ id: '100051', type: 'deal_to_contact' }, { id: '100153' }] },
        '2-1': { results: [{ id: '3' }] },
      },
    },
    { id: '12', properties: { amount: '5', won: 'true', note: null } },
    { id: '19', createdAt: '1970-01-01T00:00:01.000Z', updatedAt: '1970-01-01T00:00:02.000Z' },
  ])
  t.same(idsOf(await crmJson(portal, '/crm/v3/objects/deals?archived=true')), ['9007199254740991'])
  for (const [objects, message] of [
    [
      { deals: [{ id: '9007199254740991' }, {}] },
      'The id of a record of deals: expected a whole number from 1 to 9007199254740991, received 9007199254740998',
    ],
    [{ deals: [{ id: 1 }, { id: 1 }] }, 'A record of deals with the id 1 is there already'],
    [
      { deals: [{ id: 'x' }] },
      'The id of a record of deals: expected a whole number from 1 to 9007199254740991, received x',
    ],
    [
      { deals: [{ name: 'x' }] },
      'A record of deals: expected an object with only id, properties, archived, associations',
    ],
    [{ deals: [{ associations: { contacts: ['5'] } }] }, 'No record of contacts has the id "5"'],
    [{ deals: [{ associations: { '2-9': ['5'] } }] }, 'The portal has no objects of the type "2-9"'],
    [
      { deals: [{ properties: { a: {} } }] },
      'Property a of deals: expected a text, a number, a boolean or null, received an object',
    ],
    [
      { deals: [{ properties: { createdate: 'soon' } }] },
      'Property createdate: expected milliseconds since 1970 or ISO 8601, received "soon"',
    ],
  ] as const) {
    await t.rejects(createPortal({ leads: 3, objects: objects as never }), {
      name: 'PortalError',
      code: 'LEADS',
      message,
    })
  }
})

interface Associated {
  results: {
    from: { id: string }
    to: { toObjectId: number | string; associationTypes: object[] }[]
    paging?: { next: { after: string } }
  }[]
}

t.test('portal associations: both spellings, 500 of a record at a time, the rest by its after', async t => {
  const portal = await startPortal(t, { leads: 1_300, objects: { companies: 30 } })
  const [company = ''] = idsOf(await crmJson(portal, '/crm/v3/objects/companies?limit=1'))
  const v4 = '/crm/v4/associations/companies/contacts/batch/read'
  const dated = '/crm/associations/2026-09/0-2/0-1/batch/read'
  const all: string[] = []
  let after: string | undefined
  let requests = 0
  do {
    const inputs = [{ id: company, ...(after === undefined ? {} : { after }) }, { id: '5' }]
    const body = { inputs }
    const [numbers, texts] = [
      await crmJson<Associated>(portal, v4, body),
      await crmJson<Associated>(portal, dated, body),
    ]
    t.equal(numbers.results.length, 1, 'a record without associations is left out')
    const [one] = texts.results
    t.match(one, { from: { id: company } })
    t.same(
      numbers.results[0]?.to.map(({ toObjectId }) => toObjectId),
      one?.to.map(({ toObjectId }) => Number(toObjectId)),
    )
    t.same(one?.to[0]?.associationTypes, [{ category: 'HUBSPOT_DEFINED', typeId: 280, label: null }])
    all.push(...(one?.to.map(({ toObjectId }) => toObjectId as string) ?? []))
    after = one?.paging?.next.after
    requests++
  } while (after !== undefined)
  t.equal(requests, 3)
  const live = new Set(portal.crm.ids('contacts'))
  const expected = Array.from({ length: 1_100 }, (_, n) => recordIdOf(n + 1)).filter(id => live.has(id))
  t.same(all, expected, 'archived contacts are left out')
  const inline = (await crmJson(portal, '/crm/v3/objects/companies?limit=1&associations=contacts')).results[0]
  t.same(
    inline?.associations?.contacts?.results.map(({ id }) => id),
    expected.slice(0, 100),
  )
  t.equal(inline?.associations?.contacts?.paging?.next.after, expected[100])
  t.match(
    await crmJson<object>(portal, `/crm/v4/objects/companies/${company}/associations/contacts?limit=2`),
    { results: [{ toObjectId: Number(expected[0]) }, {}], paging: { next: { after: expected[2] } } },
  )
  const many = { inputs: Array.from({ length: 1_001 }, () => ({ id: '1' })) }
  t.match(await refusal(portal, v4, many), '400 Invalid input JSON: inputs: expected at most 1000, got 1001')
})

t.test('portal limits/records: counts the records of each type without archived ones', async t => {
  const portal = await startPortal(t, { leads: 200, objects: { companies: 30, '2-7': 4 } })
  const answer = await crmJson<Record<string, { objectTypeId: string; usage: number }[]>>(
    portal,
    '/crm/v3/limits/records',
  )
  const usages = (name: string) => answer[name]?.map(({ objectTypeId, usage }) => [objectTypeId, usage])
  t.same(usages('hubspotDefinedObjectTypes'), [
    ['0-1', portal.leads - portal.deleted],
    ['0-2', portal.crm.count('companies')],
    ['0-3', 0],
    ['0-5', 0],
    ['0-136', 0],
  ])
  t.same(usages('customObjectTypes'), [['2-7', portal.crm.count('2-7')]])
})

t.test('portal.crm: what is changed in code is seen on both faces', async t => {
  let now = 1_000_000
  const portal = await startPortal(t, {
    leads: [{ guid: 'a', email: 'a@b.example', insertedAt: 1, lastModifiedAt: 1 }],
    properties: { contacts: ['colour'] },
    objects: { deals: [{ id: 1 }] },
    now: () => now,
  })
  const record = async (id: string) => {
    const names = 'email,firstname,colour,closedate,lifecyclestage'
    return crmJson<CrmRecord>(portal, `/crm/v3/objects/contacts/${id}?properties=${names}&archived=false`)
  }
  const leadOf = async (id: string) => (await allLeads(portal))[(seqOfRecordId(id) ?? 0) - 1]
  const [id = ''] = portal.crm.insert('contacts', [
    {
      properties: { email: 'x@y.example', firstname: 'Zoë', colour: 'red', createdate: 500 },
      associations: { deals: ['1'] },
    },
  ])
  t.equal(id, '100102')
  t.match(await leadOf(id), { email: 'x@y.example', firstName: 'Zoë', colour: 'red', insertedAt: 500 })
  t.match(await record(id), { properties: { email: 'x@y.example', colour: 'red' }, updatedAt: /00:00.500Z$/ })
  portal.crm.update('contacts', id, { firstname: null, closedate: 2_000, colour: 'blue' })
  t.match(await leadOf(id), { firstName: '', isCustomer: true, closedAt: 2_000, lastModifiedAt: now })
  t.match(await record(id), { properties: { firstname: null, lifecyclestage: 'customer', colour: 'blue' } })
  portal.crm.update('contacts', id, { lastmodifieddate: 700 })
  t.match(await leadOf(id), { lastModifiedAt: 700 })

  now = 2_000_000
  portal.crm.archive('0-1', id)
  portal.crm.archive('0-1', id)
  t.match(await leadOf(id), { isDeleted: true, lastModifiedAt: 700 }, 'archiving is not a modification')
  const archived = await crmJson(portal, `${list}?archived=true&associations=deals`)
  t.match(archived.results, [{ id, archived: true, archivedAt: new Date(now).toISOString() }])
  t.notOk('associations' in (archived.results[0] ?? {}), 'an archived record has no associations')
  t.same(idsOf(await crmJson(portal, list)), ['100051'])
  t.equal(portal.crm.count('contacts'), 1)
  t.equal(
    await refusal(portal, `/crm/v4/objects/contacts/${id}/associations/deals`),
    '404 resource not found',
  )
  portal.crm.unarchive('contacts', id)
  const [again] = (await crmJson(portal, `/crm/v3/objects/deals?associations=contacts`)).results
  t.match(again?.associations?.contacts?.results, [{ id, type: 'deal_to_contact' }])
  t.match(await leadOf(id), { isDeleted: false, lastModifiedAt: now })
  t.same([...portal.crm.ids('contacts')], ['100051', id])

  portal.crm.update('deals', '1', { amount: 7 })
  t.match((await crmJson(portal, '/crm/v3/objects/deals?properties=amount')).results, [
    { properties: { amount: '7' }, updatedAt: new Date(now).toISOString() },
  ])
  for (const [change, message] of [
    [() => portal.crm.insert('2-9', []), 'The portal has no objects of the type "2-9"'],
    [() => portal.crm.insert('contacts', [{ id: 5 }]), "A contact can't be given the id 5"],
    [
      () => portal.crm.insert('contacts', [{ associations: { deals: ['9'] } }]),
      'No record of deals has the id "9"',
    ],
    [
      () => portal.crm.update('contacts', id, { nonsense: 1 }),
      "Property nonsense of contacts can't be set: contacts have no such property",
    ],
    [
      () => portal.crm.update('contacts', id, { num_conversion_events: 1 }),
      "Property num_conversion_events of contacts can't be set: it is read-only",
    ],
    [() => portal.crm.archive('contacts', '5'), 'No record of contacts has the id "5"'],
    [() => portal.crm.merge('contacts', id, id), '100102 and 100102 of contacts are the same record'],
  ] as const) {
    t.throws(change, { name: 'PortalError', code: 'LEADS', message })
  }
  t.equal(portal.leads, 2)
  await portal.close()
  t.throws(() => portal.crm.count('contacts'), { code: 'STORE' })
})

t.test('portal.crm.merge: both old ids answer with a new record, which names them', async t => {
  const db = `${t.testdir()}/leads.db`
  const options = {
    db,
    leads: [
      {
        guid: 'a',
        email: 'a@x.example',
        city: '',
        insertedAt: 5,
        leadConversionEvents: [{ guid: 'e1', convertDate: 6 }],
      },
      {
        guid: 'b',
        email: 'b@x.example',
        city: 'Ulm',
        insertedAt: 3,
        leadConversionEvents: [{ guid: 'e2', convertDate: 4 }],
      },
      { guid: 'c', email: 'c@x.example', insertedAt: 9 },
    ],
  }
  const names = ['email', 'city', 'hs_merged_object_ids', 'hs_additional_emails', 'createdate']
  const check = async (portal: Portal, merged: string) => {
    const inputs = ['100051', '100102', '100153', merged].map(id => ({ id }))
    const { results } = await crmJson(portal, batch, { inputs, properties: names })
    t.match(results, [
      {
        id: merged,
        properties: {
          email: 'c@x.example',
          city: 'Ulm',
          createdate: new Date(3).toISOString(),
          hs_merged_object_ids: '100051;100102;100153;100204',
          hs_additional_emails: 'b@x.example;a@x.example',
        },
      },
    ])
    t.equal(results.length, 1)
    t.same((await readList(portal, list)).flatMap(idsOf), [merged])
    t.match(await getLeads(portal, 'max=100'), [
      {
        guid: 'c',
        leadConversionEvents: [{ guid: 'e2', leadGuid: 'c' }, { guid: 'e1' }],
        numConversionEvents: 2,
      },
    ])
    t.equal(portal.leads, 1)
  }
  const portal = await createPortal({
    ...options,
    objects: { deals: [{ id: 1, associations: { contacts: ['100051'] } }] },
  })
  const first = portal.crm.merge('contacts', '100051', '100102')
  t.equal(first, '100204')
  const second = portal.crm.merge('contacts', '100153', '100051')
  t.equal(second, '100255')
  await check(portal, second)
  const deal = (await crmJson(portal, '/crm/v3/objects/deals?associations=contacts')).results[0]
  t.match(deal?.associations?.contacts?.results, [{ id: second }], 'associations move along')
  await portal.close()
  const reopened = await createPortal({ db })
  await check(reopened, second)
  t.same(reopened.crm.insert('contacts', [{}]), ['100306'], 'ids are never used again')
  await reopened.close()
})

t.test('portal.crm.merge: objects of other types are merged in the same way', async t => {
  const portal = await startPortal(t, {
    leads: 3,
    objects: {
      companies: [
        { id: 5, properties: { name: 'A', domain: null }, associations: { contacts: ['100051'] } },
        {
          id: 9,
          properties: { name: 'B', domain: 'b.example' },
          associations: { contacts: ['100051', '100153'] },
        },
      ],
    },
  })
  const merged = portal.crm.merge('companies', '5', '9')
  const inputs = [{ id: '5' }, { id: '9' }]
  const answer = await crmJson<CrmPage>(portal, '/crm/v3/objects/companies/batch/read', {
    inputs,
    properties: ['name', 'domain', 'hs_merged_object_ids'],
  })
  t.match(answer.results, [
    { id: merged, properties: { name: 'A', domain: 'b.example', hs_merged_object_ids: '5;9' } },
  ])
  t.equal(answer.results.length, 1)
  t.ok(Number(merged) > 9)
  const { results } = await crmJson<Associated>(
    portal,
    '/crm/v4/associations/companies/contacts/batch/read',
    {
      inputs: [{ id: merged }],
    },
  )
  t.same(
    results[0]?.to.map(({ toObjectId }) => toObjectId),
    [100051, 100153],
  )
})
