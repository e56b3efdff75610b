import { deepStrictEqual } from 'node:assert'
import fc from 'fast-check'
import t from 'tap'
import type { Lead } from '../../lib/lead/Lead.ts'
import { leadSchema } from '../../lib/lead/Lead.ts'
import { generateLeads, type Portal } from '../../lib/portal/index.ts'
import { getGuids, getLeads, refusalOf } from './helpers/getList.ts'
import { type Json, type Params, select } from './helpers/listModel.ts'
import { put } from './helpers/putModel.ts'
import { type PathOptions, requestWithToken } from './helpers/requestPath.ts'
import { startPortal } from './helpers/startPortal.ts'

const json = { 'Content-Type': 'application/json' }

const putLead = (portal: Portal, guid: string, body: unknown, options: PathOptions = {}) =>
  requestWithToken(portal, `/leads/v1/lead/${encodeURIComponent(guid)}`, {
    method: 'PUT',
    headers: json,
    body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
    ...options,
  })

const getLead = async (portal: Portal, path: string): Promise<Lead> =>
  JSON.parse((await requestWithToken(portal, `/leads/v1/lead/${path}`)).body.toString())

t.test(
  'portal lead: “/lead/{guid} with or without a trailing slash” answers the same object as the list',
  async t => {
    const portal = await startPortal(t, { leads: 20 })
    const [lead] = generateLeads({ count: 1 })
    for (const path of [`/leads/v1/lead/${lead?.guid}`, `/leads/v1/lead/${lead?.guid}/`]) {
      const { status, headers, body } = await requestWithToken(portal, path)
      t.equal(status, 200)
      t.equal(headers['content-type'], 'application/json;charset=utf-8')
      t.equal(body.toString(), JSON.stringify(lead))
    }
  },
)

/** Leads that share an e-mail address, a user token and an event. */
const events = (guid: string, ...dates: number[]) => dates.map(convertDate => ({ guid, convertDate }))
const alike = [
  { guid: 'late', email: 'a@x.example', userToken: 'u', leadConversionEvents: events('e', 9) },
  { guid: 'never', email: 'a@x.example', userToken: 'u', leadConversionEvents: [] },
  { guid: 'early', email: 'a@x.example', userToken: 'u', leadConversionEvents: events('e', 3, 7) },
  {
    guid: 'gone',
    email: 'a@x.example',
    userToken: 'u',
    isDeleted: true,
    leadConversionEvents: events('e', 1),
  },
  { guid: 'alone', email: 'b@x.example', isDeleted: true, leadConversionEvents: [5, null, { guid: 7 }] },
  { guid: 'a/b c%', email: 'c+d@x.example', leadConversionEvents: 'none' },
]

t.test(
  'portal lead: “?email=…, ?userToken=…, ?conversionEventGuid=… (if not unique, the one that converted first)”',
  async t => {
    const portal = await startPortal(t, { leads: alike })
    const cases: [query: string, guid: string][] = [
      ['?email=a@x.example', 'early'],
      ['?email=a%40x.example&portalId=62515', 'early'],
      ['?userToken=u', 'early'],
      ['?conversionEventGuid=e', 'early'],
      ['?email=b@x.example', 'alone'],
      ['?email=c%2Bd@x.example', 'a/b c%'],
      ['gone', 'gone'],
      ['a%2Fb%20c%25/', 'a/b c%'],
    ]
    for (const [path, guid] of cases) t.equal((await getLead(portal, path)).guid, guid, path)
    const { body } = await requestWithToken(portal, '/leads/v1/lead?email=a@x.example')
    t.match(JSON.parse(body.toString()), { guid: 'early' }, 'the slash before the question mark is optional')
  },
)

t.test('portal lead: an unknown lead is 404, and a wrong key is 400', async t => {
  const portal = await startPortal(t, { leads: alike })
  const keys = 'Expected one of the parameters email, userToken, conversionEventGuid, got'
  const cases: [path: string, refusal: string][] = [
    ['nobody', '404 No lead has the guid "nobody"'],
    ['?email=A@x.example', '404 No lead has the email "A@x.example"'],
    ['?userToken=x', '404 No lead has the userToken "x"'],
    ['?conversionEventGuid=x', '404 No lead has the conversionEventGuid "x"'],
    ['', `400 ${keys} none`],
    ['?email=a@x.example&userToken=u', `400 ${keys} email and userToken`],
    ['?email=', '400 Parameter email: expected a text that is not empty, got ""'],
    ['%E0%A4%A', '400 The path has a percent sign that encodes nothing: %E0%A4%A'],
  ]
  for (const [path, refusal] of cases) {
    t.equal(refusalOf(await requestWithToken(portal, `/leads/v1/lead/${path}`)), refusal)
  }
})

t.test('portal lead: events of leads that are inserted later are found', async t => {
  const portal = await startPortal(t, { leads: alike })
  t.equal((await getLead(portal, '?conversionEventGuid=e')).guid, 'early')
  portal.insert([{ guid: 'new', leadConversionEvents: events('f', 5) }, { guid: 'bare' }])
  t.equal((await getLead(portal, '?conversionEventGuid=f')).guid, 'new')
})

const now = 1_400_000_000_000
const base = {
  guid: 'a',
  email: 'a@x.example',
  closedAt: 0,
  isCustomer: false,
  isDeleted: false,
  foundVia: 'Direct Traffic',
  fullFoundViaString: 'Direct Traffic - v2',
  lastModifiedAt: 5,
  leadConversionEvents: [{ guid: 'e', convertDate: 4 }],
  leadCustomerStatusModifyLogs: [{ id: 41, insertedAt: 1, previousState: true }],
  leadDeleteLogs: [],
  sourceId: 4,
  sourceValue1: '',
  sourceValue2: 'v2',
  sourceValueModifiedAt: 0,
}
const closed = { ...base, closedAt: 7, isCustomer: true }
const log = (id: number, previousState: boolean) => ({ id, insertedAt: now, previousState })

t.test('PUT lead: each change changes exactly its fields', async t => {
  const [entry] = base.leadCustomerStatusModifyLogs
  const cases: [title: string, lead: Json, body: Json, changed: Json][] = [
    ['a plain field', base, { twitterHandle: '@a' }, { twitterHandle: '@a' }],
    [
      'a field that is in neither list of the documentation',
      base,
      { email: 'b', insertedAt: 3 },
      { email: 'b', insertedAt: 3 },
    ],
    ['“only the fields to change”: no fields', base, {}, {}],
    [
      '“closedAt: a timestamp closes (isCustomer becomes true)”',
      base,
      { closedAt: 7 },
      {
        closedAt: 7,
        isCustomer: true,
        customerStatusModifiedAt: now,
        leadCustomerStatusModifyLogs: [entry, log(42, false)],
      },
    ],
    ['closing again changes only closedAt', closed, { closedAt: 8 }, { closedAt: 8 }],
    [
      '“"" re-opens”',
      closed,
      { closedAt: '' },
      {
        closedAt: 0,
        isCustomer: false,
        customerStatusModifiedAt: now,
        leadCustomerStatusModifyLogs: [entry, log(42, true)],
      },
    ],
    ['re-opening an open lead changes nothing', base, { closedAt: '' }, {}],
    [
      '“isDeleted is a soft delete',
      base,
      { isDeleted: true },
      { isDeleted: true, leadDeleteLogs: [log(1, false)] },
    ],
    [
      '… and can be undone”',
      { ...base, isDeleted: true },
      { isDeleted: false },
      { isDeleted: false, leadDeleteLogs: [log(1, true)] },
    ],
    ['undeleting a lead that is not deleted changes nothing', base, { isDeleted: false }, {}],
    [
      '“sourceId also sets foundVia and fullFoundViaString”, whatever the body has for them',
      base,
      { sourceId: 6, foundVia: 'Else' },
      {
        sourceId: 6,
        foundVia: 'Social Media',
        fullFoundViaString: 'Social Media - v2',
        sourceValueModifiedAt: now,
      },
    ],
    [
      'sourceValue1 and sourceValue2 are appended to fullFoundViaString',
      base,
      { sourceValue1: 'x', sourceValue2: '' },
      {
        sourceValue1: 'x',
        sourceValue2: '',
        fullFoundViaString: 'Direct Traffic - x',
        sourceValueModifiedAt: now,
      },
    ],
    ['foundVia alone can be written', base, { foundVia: 'Else' }, { foundVia: 'Else' }],
    ['“clients sent guid', base, { guid: 'a', score: 99.96 }, { score: 99.96 }],
    ['… id', base, { id: 'a', emailBounced: true }, { emailBounced: true }],
    ['… or neither”; firstUrl as the documentation spells it', base, { firstUrl: 'u' }, { firstURL: 'u' }],
  ]
  for (const [title, lead, body, changed] of cases) {
    const portal = await startPortal(t, { leads: [lead], now: () => now })
    const { status, body: answer } = await putLead(portal, 'a', body)
    t.equal(status, 200, title)
    const wanted = { ...lead, ...changed, lastModifiedAt: now }
    t.strictSame(JSON.parse(answer.toString()), wanted, title)
    t.strictSame(await getLeads(portal, 'includeDeleted=true'), [wanted], title)
  }
})

t.test(
  'portal.update: “1 Organic Search, 2 Referrals, 3 Paid Search, 4 Direct Traffic, 5 Email Marketing, 6 …, 7 …”',
  async t => {
    const portal = await startPortal(t, { leads: [base] })
    const names: unknown[] = []
    for (let sourceId = 1; sourceId <= 7; sourceId++) names.push(portal.update('a', { sourceId }).foundVia)
    t.equal(
      names.join(),
      'Organic Search,Referrals,Paid Search,Direct Traffic,Email Marketing,Social Media,Other Campaigns',
    )
  },
)

t.test('PUT lead: a wrong body is 400 and changes nothing', async t => {
  const portal = await startPortal(t, { leads: [base], now: () => now })
  const readOnly = 'Read-only fields can not be changed:'
  const cases: [body: unknown, message: string | RegExp][] = [
    [{ guid: 'b' }, 'Field guid: expected the guid of the path, "a", or nothing, got "b"'],
    [{ guid: 'a', id: 'b' }, 'Field id: expected the guid of the path, "a", or nothing, got "b"'],
    [{ closedAt: 5, isCustomer: true, lastModifiedAt: 6 }, `${readOnly} isCustomer, lastModifiedAt`],
    [{ LeadNurturingActive: true }, `${readOnly} leadNurturingActive`],
    [{ analyticsDetails: {}, crmDetails: {} }, `${readOnly} analyticsDetails, crmDetails`],
    [{ nonsense: 1 }, 'A lead has no field "nonsense"'],
    ['{"__proto__":1}', 'A lead has no field "__proto__"'],
    ['{"constructor":1}', 'A lead has no field "constructor"'],
    [
      { closedAt: '5' },
      'Field closedAt: expected milliseconds since 1970 to close the lead, or "" to re-open it, got "5"',
    ],
    [{ closedAt: -1 }, /^Field closedAt: .*, got -1$/],
    [{ closedAt: null }, /^Field closedAt: .*, got null$/],
    [{ sourceId: 8 }, 'Field sourceId: expected a whole number from 1 to 7, got 8'],
    [{ isDeleted: 'true' }, 'Field isDeleted: expected true or false, got "true"'],
    [{ email: 5 }, 'Field email: expected a text, got 5'],
    [{ insertedAt: 1.5 }, 'Field insertedAt: expected a whole number, got 1.5'],
    ['{"score":1e999}', 'Field score: expected a number, got null'],
    [{ leadDeleteLogs: [1] }, 'Field leadDeleteLogs: expected an array of objects, got [1]'],
    [[], 'Expected a JSON object with the fields to change'],
    ['', /^The body is not JSON: /],
    ['{"email":"b"', /^The body is not JSON: /],
    [Buffer.from([0x22, 0xff, 0x22]), /^The body is not JSON: /],
  ]
  for (const [body, message] of cases) {
    const answer = await putLead(portal, 'a', body)
    t.equal(answer.status, 400)
    t.match(refusalOf(answer).slice(4), message)
  }
  t.strictSame(await getLeads(portal), [base])
})

t.test(
  'PUT lead: every read-only field of the schema is refused by name, every editable one is accepted',
  async t => {
    const portal = await startPortal(t, { leads: 1 })
    const guid = [...generateLeads({ count: 1 })][0]?.guid as string
    const samples: Record<string, unknown> = { string: 'x', integer: 3, number: 3, boolean: true }
    for (const [name, schema] of Object.entries<{ readOnly?: boolean; type?: string }>(
      leadSchema.properties,
    )) {
      if (name === 'guid' || name === 'id' || schema.readOnly === undefined) continue
      const answer = await putLead(portal, guid, { [name]: samples[schema.type ?? ''] ?? [] })
      if (schema.readOnly) t.match(refusalOf(answer), `400 Read-only fields can not be changed: ${name}`)
      else t.equal(answer.status, 200, name)
    }
  },
)

t.test(
  'PUT lead: “a body whose Content-Type is not application/json changes nothing and is answered 200”',
  async t => {
    const portal = await startPortal(t, { leads: [base], now: () => now })
    for (const type of ['text/json', 'application/x-www-form-urlencoded', 'application/jsonx', undefined]) {
      const headers = type === undefined ? {} : { 'Content-Type': type }
      const { status, body } = await putLead(portal, 'a', { email: 'b' }, { headers })
      t.equal(status, 200, String(type))
      t.strictSame(JSON.parse(body.toString()), base)
    }
    for (const type of ['application/json;charset=utf-8', 'Application/JSON']) {
      const { status } = await putLead(portal, 'a', { email: type }, { headers: { 'Content-Type': type } })
      t.equal(status, 200, type)
      t.match(await getLeads(portal), [{ email: type }])
    }
  },
)

t.test(
  'PUT lead: an unknown lead is 404, a body over 1 MiB is 413, and a trailing slash is optional',
  async t => {
    const portal = await startPortal(t, { leads: [base] })
    t.match(refusalOf(await putLead(portal, 'b', 'anything')), '404 No lead has the guid "b"')
    const large = { message: 'x'.repeat(2_000_000) }
    t.match(
      refusalOf(await putLead(portal, 'a', large)),
      '413 Request Entity Too Large: expected at most 1048576 bytes, got 2000014',
    )
    const path = '/leads/v1/lead/a/'
    const { status } = await requestWithToken(portal, path, {
      method: 'PUT',
      headers: json,
      body: '{"city":"X"}',
    })
    t.equal(status, 200)
    t.match(await getLeads(portal), [{ city: 'X' }])
  },
)

t.test('PUT lead: a portal “integrated with Salesforce.com” refuses closedAt', async t => {
  const portal = await startPortal(t, { leads: [base], salesforce: 'tied' })
  const refusal = 'Field closedAt: a portal integrated with Salesforce.com refuses closedAt'
  for (const closedAt of [5, ''])
    t.equal(refusalOf(await putLead(portal, 'a', { closedAt })), `400 ${refusal}`)
  t.throws(() => portal.update('a', { closedAt: 5 }), { code: 'LEADS', message: refusal })
  t.equal((await putLead(portal, 'a', { city: 'X' })).status, 200)
})

t.test('portal.update: lastModifiedAt always increases, even if the clock stops or goes back', async t => {
  const times = [now, now, now - 5, now + 0.5, now + 7.9]
  const portal = await startPortal(t, { leads: [base], now: () => times[0] ?? 0 })
  const seen: unknown[] = []
  while (times.length > 0) {
    seen.push(portal.update('a', {}).lastModifiedAt)
    times.shift()
  }
  t.same(seen, [now, now + 1, now + 2, now + 3, now + 7])
})

t.test('portal.update and portal.insert: an error names what is wrong, and nothing is changed', async t => {
  const portal = await startPortal(t, { leads: [base], now: () => now })
  const refused = (call: () => unknown, message: string | RegExp) =>
    t.throws(call, { name: 'PortalError', code: 'LEADS', message })
  refused(() => portal.update('b', {}), 'No lead has the guid "b"')
  refused(() => portal.update('a', { isCustomer: true }), 'Read-only fields can not be changed: isCustomer')
  refused(() => portal.insert([{ guid: 'b' }, { guid: 'a' }]), 'A lead with the guid "a" is there already')
  refused(() => portal.insert([{ guid: 'b' }, { guid: 'b' }]), 'A lead with the guid "b" is there already')
  refused(() => portal.insert([{}, 5 as unknown as object]), /^Lead 2 of those given is not a lead/)
  t.throws(() => portal.insert({ guid: 'b' } as unknown as object[]), {
    name: 'PortalError',
    code: 'OPTION',
    message:
      "portal.insert(): leads: expected an iterable of objects, such as [lead], received { guid: 'b' }",
  })
  t.equal(portal.leads, 1)
  t.strictSame(await getLeads(portal), [base])
  portal.insert([{ guid: 'b', seen: new Date(0) }, {}])
  t.equal(portal.leads, 3)
  t.strictSame(await getLeads(portal, 'offset=0&sort=guid'), [
    {},
    base,
    { guid: 'b', seen: '1970-01-01T00:00:00.000Z' },
  ])
  await portal.close()
  for (const call of [() => portal.insert([]), () => portal.update('a', {}), () => portal.deleted])
    t.throws(call, { code: 'STORE', message: 'The portal is closed' })
})

t.test('PUT lead: concurrent PUTs are applied one after the other', async t => {
  const portal = await startPortal(t, { leads: [base], now: () => now })
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, n) => putLead(portal, 'a', { isDeleted: n % 2 === 0, city: String(n) })),
  )
  t.ok(answers.every(({ status }) => status === 200))
  const { lastModifiedAt, leadDeleteLogs = [] } = await getLead(portal, 'a')
  t.equal(lastModifiedAt, now + 19)
  const states = leadDeleteLogs.map(entry => (entry as { previousState: boolean }).previousState)
  t.same(
    states,
    states.map((_, place) => place % 2 === 1),
  )
})

/*
 * Random PUTs, inserts and lists against an array, with the rules of helpers/.
 */

const small = fc.integer({ min: 0, max: 6 })
const text = fc.constantFrom('', 'Ann', 'x"y\u2028', 'Ольга')
const seed = fc.record(
  {
    email: text,
    city: text,
    firstName: text,
    insertedAt: small,
    lastModifiedAt: small,
    isDeleted: fc.boolean(),
    sourceId: fc.integer({ min: 1, max: 7 }),
    leadConversionEvents: fc.array(
      small.map(convertDate => ({ convertDate })),
      { maxLength: 2 },
    ),
  },
  { requiredKeys: [] },
)
const change = fc.record(
  {
    closedAt: fc.constantFrom(3, 5, 0, '', '', -1, '5', null),
    isDeleted: fc.constantFrom(true, true, false, 'true'),
    sourceId: fc.constantFrom(1, 6, 7, 8),
    sourceValue1: text,
    sourceValue2: text,
    foundVia: text,
    email: text,
    city: fc.oneof(text, fc.constant(5)),
    firstName: text,
    insertedAt: small,
    score: fc.constantFrom(1.5, 100),
    emailOptOut: fc.boolean(),
    firstUrl: text,
    guid: fc.constantFrom('g1', 'g2'),
    id: fc.constantFrom('g1', 'g2'),
    isCustomer: fc.boolean(),
    nonsense: text,
  },
  { requiredKeys: [] },
)
const few = fc
  .tuple(
    change,
    fc.subarray(['closedAt', 'isDeleted', 'sourceId', 'sourceValue1', 'city', 'email', 'guid', 'score']),
  )
  .map(([all, names]) =>
    Object.fromEntries(names.filter(name => name in all).map(name => [name, all[name as keyof typeof all]])),
  )
const sorts = [
  'insertedAt',
  'lastModifiedAt',
  'closedAt',
  'email',
  'city',
  'foundVia',
  'isCustomer',
  'guid',
  'score',
]
const list = fc.record(
  {
    sort: fc.constantFrom(...sorts),
    dir: fc.constantFrom('asc', 'desc'),
    search: fc.constantFrom('ann', 'ольга'),
    timePivot: fc.constantFrom('insertedAt', 'lastModifiedAt', 'closedAt', 'firstConvertedAt'),
    startTime: fc.constantFrom('0', '2', '4', '8'),
    includeDeleted: fc.constant('true'),
    optOut: fc.constant('true'),
    excludeConversionEvents: fc.constant('true'),
    max: fc.constant('100'),
  },
  { requiredKeys: ['max'] },
)
const guid = fc.constantFrom('g0', 'g1', 'g2', 'g3', 'g4', 'g5')
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ put: guid, body: fc.oneof(few, few, change), tick: small }) },
  { weight: 4, arbitrary: fc.record({ list }) },
  { weight: 1, arbitrary: fc.record({ insert: seed }) },
)

t.test('portal: any sequence of PUTs, inserts and lists answers the same as an array of leads', async t => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(seed, { minLength: 2, maxLength: 6 }),
      fc.array(step, { minLength: 1, maxLength: 25 }),
      async (seeds, steps) => {
        const model: Json[] = seeds.map((lead, n) => ({ ...lead, guid: `g${n}` }))
        let clock = 6
        const portal = await startPortal(t, { leads: model, now: () => clock })
        for (const one of steps) {
          if ('insert' in one) {
            const lead = { ...one.insert, guid: `g${model.length}` }
            portal.insert([lead])
            model.push(lead)
          } else if ('list' in one) {
            deepStrictEqual(
              await getLeads(portal, new URLSearchParams(one.list).toString()),
              listOf(model, one.list, clock),
            )
          } else {
            clock += one.tick
            const place = model.findIndex(lead => lead.guid === one.put)
            const lead = model[place]
            const next = lead && put(lead, one.body, clock)
            const { status, body } = await putLead(portal, one.put, one.body)
            deepStrictEqual(status, lead === undefined ? 404 : next === undefined ? 400 : 200)
            if (next === undefined) continue
            model[place] = next
            deepStrictEqual(JSON.parse(body.toString()), next)
          }
        }
        deepStrictEqual(
          await getGuids(portal, 'max=100&includeDeleted=true&sort=guid'),
          model.map(lead => lead.guid).toSorted(),
        )
        await portal.close()
      },
    ),
    { numRuns: 100, seed: 11 },
  )
})

function listOf(model: readonly Json[], params: Params, clock: number): Json[] {
  const inside = (value: number, start: number | undefined) =>
    value <= clock && (start === undefined || value > start)
  return select(model, [], params, inside)
}
