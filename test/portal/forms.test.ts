import { join } from 'node:path'
import fc from 'fast-check'
import t from 'tap'
import type { ConversionEvent } from '../../lib/lead/leadParts.ts'
import { recordIdOf } from '../../lib/portal/crm/recordId.ts'
import { generateLeads, type Portal } from '../../lib/portal/index.ts'
import { type AnyJson, getAll, getJson } from './helpers/getJson.ts'
import { getLeads } from './helpers/getList.ts'
import { type Reply, requestWithToken } from './helpers/requestPath.ts'
import { startPortal } from './helpers/startPortal.ts'

const formsPath = '/marketing/v3/forms'
const submissionsPath = (guid: string) => `/form-integrations/v1/submissions/forms/${guid}`
const contactsPath = '/contacts/v1/lists/all/contacts/all'

const guids = {
  contactUs: 'fcbd0c1834a14534adfc1f0197801048',
  newsletter: '7e57c0de1a2b4c3d9e8f0a1b2c3d4e5f',
  whitepaper: 'a0b1c2d3e4f5460718293a4b5c6d7e8f',
  webinar: '0123456789abcdef0123456789abcdef',
}

const eventsOf = (leads: Iterable<{ leadConversionEvents?: ConversionEvent[] }>): ConversionEvent[] =>
  [...leads].flatMap(lead => lead.leadConversionEvents ?? [])

/** A form submission as the portal must answer it. */
const expected = ({ guid, convertDate, pageUrl, formSubmissionValues = [] }: ConversionEvent) => ({
  conversionId: guid,
  submittedAt: convertDate,
  values: formSubmissionValues.map(({ fieldName, fieldValue }) => ({
    name: fieldName,
    value: fieldValue,
    objectTypeId: '0-1',
  })),
  pageUrl,
})

const byId = (a: { conversionId?: string }, b: { conversionId?: string }) =>
  String(a.conversionId) < String(b.conversionId) ? -1 : 1

t.test('portal forms: the list has the forms that conversion events name, by type and archived', async t => {
  const portal = await startPortal(t, { leads: 300 })
  const ids = async (query: string) => (await getAll(portal, formsPath, query)).map(({ id }) => id)
  const usual = await ids('')
  const all = await ids('formTypes=all')
  t.ok(usual.includes(guids.contactUs))
  t.same(
    (await getAll(portal, formsPath)).map(({ formType, archived }) => [formType, archived]),
    usual.map(() => ['hubspot', false]),
  )
  t.same(await ids('formTypes=captured,flow'), [guids.webinar, guids.newsletter])
  t.same(await ids('formTypes=captured&formTypes=flow'), [guids.webinar, guids.newsletter])
  t.equal((await ids('formTypes=blog_comment')).length, 1)
  t.same(await ids('formTypes=all&archived=true'), [guids.whitepaper])
  t.same(all, [...all].toSorted(), 'by their guids')
  const named = new Set(eventsOf(generateLeads({ count: 300 })).map(({ formGuid }) => formGuid))
  t.equal(all.length + 1, named.size + 1, 'all but the archived one, and the blog’s')
  const dated = await getAll(portal, '/marketing/forms/2026-09-beta', 'formTypes=all')
  t.same(dated, await getAll(portal, formsPath, 'formTypes=all&limit=2'), 'in pages of two')
})

t.test('portal forms: the labels of all submitted values are in the field groups of their forms', async t => {
  const portal = await startPortal(t, { leads: 300 })
  const forms = [
    ...(await getAll(portal, formsPath, 'formTypes=all')),
    ...(await getAll(portal, formsPath, 'formTypes=all&archived=true')),
  ]
  const labelOf = (formGuid: unknown, fieldName: unknown) =>
    forms
      .find(({ id }) => id === formGuid)
      ?.fieldGroups.flatMap(({ fields }: AnyJson) => fields)
      .find(({ name, objectTypeId }: AnyJson) => name === fieldName && objectTypeId === '0-1')?.label
  let values = 0
  for (const event of eventsOf(generateLeads({ count: 300 }))) {
    t.equal(forms.find(({ id }) => id === event.formGuid)?.name, event.formName)
    for (const { fieldName, fieldLabel } of event.formSubmissionValues ?? []) {
      values++
      if (labelOf(event.formGuid, fieldName) !== fieldLabel) t.fail(`${event.formGuid} ${fieldName}`)
    }
  }
  t.ok(values > 500)
  const contactUs = forms.find(({ id }) => id === guids.contactUs)
  t.same(
    contactUs.fieldGroups.map(({ fields }: AnyJson) => fields[0].name),
    ['FirstName', 'LastName', 'Email', 'Message'],
    'in the order of the form',
  )
})

t.test(
  'portal forms: invalid parameters are answered with 400 and the category VALIDATION_ERROR',
  async t => {
    const portal = await startPortal(t, { leads: 20 })
    for (const path of [
      `${formsPath}?limit=0`,
      `${formsPath}?limit=501`,
      `${formsPath}?formTypes=other`,
      `${formsPath}?after=1`,
      `${submissionsPath(guids.contactUs)}?limit=51`,
      `${submissionsPath(guids.contactUs)}?after=${Buffer.from('-1').toString('base64')}`,
      `${contactsPath}?count=101`,
    ]) {
      const { status, body } = await getJson(portal, path)
      t.same([status, body.status, body.category], [400, 'error', 'VALIDATION_ERROR'], path)
    }
    t.equal((await getJson(portal, `${formsPath}?archived=yes`)).status, 400)
    t.equal((await getJson(portal, `${contactsPath}?formSubmissionMode=some`)).status, 400)
  },
)

t.test('portal submissions: every conversion event is a submission, newest first, in pages', async t => {
  const portal = await startPortal(t, { leads: 300 })
  for (const guid of Object.values(guids)) {
    const events = eventsOf(generateLeads({ count: 300 })).filter(({ formGuid }) => formGuid === guid)
    const read = await getAll(portal, submissionsPath(guid), 'limit=7')
    t.same(read.toSorted(byId), events.map(expected).toSorted(byId), 'deleted leads included')
    const times = read.map(({ submittedAt }) => submittedAt)
    t.same(
      times,
      times.toSorted((a, b) => b - a),
    )
    t.same(await getAll(portal, submissionsPath(guid), 'limit=50'), read)
  }
  const { body } = await getJson(portal, submissionsPath(guids.contactUs))
  t.equal(body.results.length, 20, 'the default limit')
  t.match(body.paging.next.link, 'https://api.hubapi.com/form-integrations/v1/')
  t.notMatch(body.paging.next.after, /^\d+$/)
})

t.test(
  'portal submissions: an unknown form is 404, a form for comments is FORM_TYPE_NOT_ALLOWED',
  async t => {
    const portal = await startPortal(t, { leads: 20 })
    const unknown = await getJson(portal, submissionsPath('nothing'))
    t.same([unknown.status, unknown.body.category], [404, 'OBJECT_NOT_FOUND'])
    const [blog] = await getAll(portal, formsPath, 'formTypes=blog_comment')
    const refused = await getJson(portal, submissionsPath(blog.id))
    t.equal(refused.status, 400)
    t.match(JSON.stringify(refused.body), 'FORM_TYPE_NOT_ALLOWED')
  },
)

t.test('portal submissions: a submission between two pages shifts the second by one', async t => {
  const portal = await startPortal(t, { leads: 300 })
  const path = submissionsPath(guids.contactUs)
  const before = await getAll(portal, path, 'limit=50')
  const { body: first } = await getJson(portal, `${path}?limit=10`)
  portal.submit(guids.contactUs, { values: [{ name: 'Email', value: 'new@a.example' }] })
  const after = encodeURIComponent(first.paging.next.after)
  const { body: second } = await getJson(portal, `${path}?limit=10&after=${after}`)
  t.same(second.results, before.slice(9, 19))
})

t.test('portal submissions: those before conversionIdsSince have no conversionId', async t => {
  const since = Date.UTC(2011, 0)
  const portal = await startPortal(t, { leads: 300, conversionIdsSince: since })
  const read = await getAll(portal, submissionsPath(guids.contactUs), 'limit=50')
  t.ok(
    read.some(({ submittedAt }) => submittedAt < since) &&
      read.some(({ submittedAt }) => submittedAt >= since),
  )
  for (const { submittedAt, conversionId } of read) t.equal(conversionId !== undefined, submittedAt >= since)
  const { body } = await getJson(portal, `${contactsPath}?count=100&formSubmissionMode=all`)
  const submissions = body.contacts.flatMap((contact: AnyJson) => contact['form-submissions'])
  t.ok(submissions.every((submission: AnyJson) => submission['conversion-id'] !== undefined))
})

t.test('portal submissions: events of any form in a user’s own leads never fail a list', async t => {
  const leads = [
    { guid: 'a', leadConversionEvents: 'text' },
    { guid: 'b', leadConversionEvents: { formGuid: 'f' } },
    { guid: 'c', leadConversionEvents: [null, 5, 'x', [], { formGuid: 7 }, { formGuid: '' }] },
    {
      guid: 'd',
      leadConversionEvents: [{ formGuid: 'f', formSubmissionValues: 'none', convertDate: 'never' }],
    },
    { guid: 'e', leadConversionEvents: [{ formGuid: 'f', formSubmissionValues: [5, { fieldName: 'x' }] }] },
    { guid: 'f' },
  ]
  const portal = await startPortal(t, { leads })
  t.same(await getAll(portal, submissionsPath('f')), [
    { submittedAt: 0, values: [{ name: 'x', objectTypeId: '0-1' }] },
    { submittedAt: 'never', values: [] },
  ])
  t.same(
    (await getAll(portal, formsPath)).map(({ id, name }) => [id, name]),
    [['f', '']],
  )
  const { body } = await getJson(portal, `${contactsPath}?formSubmissionMode=all`)
  t.same(
    body.contacts.map((contact: AnyJson) => contact['form-submissions'].length),
    [0, 0, 0, 1, 1, 0],
  )
})

t.test('portal submit: without a contact, it is a submission that no lead has', async t => {
  const portal = await startPortal(t, { leads: 20, now: () => 1_400_000_000_000 })
  const before = await getLeads(portal, 'max=100&includeDeleted=true')
  const values = [
    { name: 'color', value: 'red', label: 'Colors' },
    { name: 'color', value: 'blue', label: 'Colors' },
  ]
  portal.submit('my-form', {
    values,
    submittedAt: 5,
    conversionId: 'c1',
    formName: 'Mine',
    pageUrl: 'http://x/',
  })
  portal.submit('my-form', { conversionId: null })
  const row = (name: string, value: string) => ({ name, value, objectTypeId: '0-1' })
  t.same(await getAll(portal, submissionsPath('my-form')), [
    { submittedAt: 1_400_000_000_000, values: [], pageUrl: 'http://demo.example/' },
    {
      conversionId: 'c1',
      submittedAt: 5,
      values: [row('color', 'red'), row('color', 'blue')],
      pageUrl: 'http://x/',
    },
  ])
  const form = (await getAll(portal, formsPath)).find(({ id }) => id === 'my-form')
  t.match(form, { name: 'Mine', formType: 'hubspot', createdAt: '1970-01-01T00:00:00.005Z' })
  t.same(
    form.fieldGroups.flatMap(({ fields }: AnyJson) =>
      fields.map(({ name, label }: AnyJson) => [name, label]),
    ),
    [['color', 'Colors']],
  )
  t.same(await getLeads(portal, 'max=100&includeDeleted=true'), before)
})

t.test('portal submit: with a contact, both APIs show the new conversion', async t => {
  const now = 1_500_000_000_000
  const portal = await startPortal(t, { leads: 20, now: () => now })
  const lead = (await getLeads(portal, 'max=100')).find(({ email }) => email !== '')
  const email = lead?.email as string
  const before = await getAll(portal, submissionsPath(guids.contactUs))
  for (const submittedAt of [now - 1, 1]) {
    portal.submit(guids.contactUs, { contact: email, submittedAt, values: [{ name: 'Email', value: email }] })
  }
  const { body: found } = await getJson(portal, `/leads/v1/lead/?email=${encodeURIComponent(email)}`)
  const events = found.leadConversionEvents as ConversionEvent[]
  t.equal(events.length, (lead?.leadConversionEvents?.length ?? 0) + 2)
  t.same([events[0]?.convertDate, events.at(-1)?.convertDate], [1, now - 1], 'in the order of time')
  t.match(found, { numConversionEvents: events.length, lastConvertedAt: now - 1, lastModifiedAt: now + 1 })
  t.match(events[0], {
    formName: 'Contact Us',
    leadGuid: lead?.guid,
    formSubmissionValues: [{ fieldValue: email }],
  })
  const added = [events.at(-1), events[0]].map(event => expected(event as ConversionEvent))
  t.same(await getAll(portal, submissionsPath(guids.contactUs)), [added[0], ...before, added[1]])
  const byEvent = await getJson(portal, `/leads/v1/lead/?conversionEventGuid=${events[0]?.guid}`)
  t.equal(byEvent.body.guid, lead?.guid)
})

t.test('portal submit: a wrong submission is refused before anything is changed', async t => {
  const portal = await startPortal(t, { leads: 5 })
  const cases: [form: unknown, submission: unknown, message: RegExp][] = [
    ['', {}, /^portal\.submit\(\): formGuid: expected the guid of a form, received ''/],
    ['f', { value: [] }, /^portal\.submit\(\): unknown option "value"/],
    ['f', { values: [{ name: 'x' }] }, /^portal\.submit\(\): values: expected an array of/],
    [
      'f',
      { submittedAt: '5' },
      /^portal\.submit\(\): submittedAt: expected milliseconds since 1970, received '5'/,
    ],
    ['f', { conversionId: 5 }, /^portal\.submit\(\): conversionId: expected a string or null, received 5/],
    ['f', { contact: 5 }, /^portal\.submit\(\): contact: expected a string, received 5/],
    ['f', { contact: 'nobody@x' }, /^No lead has the email "nobody@x"/],
  ]
  for (const [form, submission, message] of cases) {
    t.throws(() => portal.submit(form as string, submission as object), { message })
  }
  t.equal((await getJson(portal, submissionsPath('f'))).status, 404)
})

t.test('portal submit: submissions stay in the file, which then holds changed leads', async t => {
  const db = join(t.testdir(), 'leads.db')
  const first = await startPortal(t, { db, leads: 10 })
  first.submit('f', { conversionId: 'kept' })
  await first.close()
  await t.rejects(startPortal(t, { db, leads: 10 }), { code: 'STORE' })
  const second = await startPortal(t, { db })
  second.submit('f', { conversionId: 'later' })
  const ids = (await getAll(second, submissionsPath('f'))).map(({ conversionId }) => conversionId)
  t.same(ids.toSorted(), ['kept', 'later'])
})

t.test(
  'portal submissions: whatever is inserted, changed and submitted, the events of the leads are listed',
  async t => {
    const time = fc.integer({ min: 1, max: 5 })
    const form = fc.constantFrom('f', 'g')
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('insert' as const),
        events: fc.array(fc.record({ convertDate: time, formGuid: form })),
      }),
      fc.record({ kind: fc.constant('submit' as const), form, time, lead: fc.option(fc.nat()) }),
      fc.record({ kind: fc.constant('update' as const), lead: fc.nat() }),
      fc.record({ kind: fc.constant('read' as const), form }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async steps => {
        const portal = await startPortal(t, { leads: [] })
        const loose: { form: string; id: string }[] = []
        const check = async (guid: string) => {
          const leads = await getLeads(portal, 'max=100&includeDeleted=true')
          const own = eventsOf(leads).filter(({ formGuid }) => formGuid === guid)
          const ids = [
            ...own.map(event => event.guid),
            ...loose.filter(({ form }) => form === guid).map(({ id }) => id),
          ]
          const { status } = await getJson(portal, submissionsPath(guid))
          if (ids.length === 0) return t.equal(status, 404)
          const read = await getAll(portal, submissionsPath(guid), 'limit=2')
          return t.same(read.map(({ conversionId }) => conversionId).toSorted(), ids.toSorted())
        }
        let [leads, ids] = [0, 0]
        for (const one of steps) {
          if (one.kind === 'insert') {
            const leadConversionEvents = one.events.map(event => ({ ...event, guid: `e${ids++}` }))
            portal.insert([{ guid: `l${leads}`, email: `l${leads}@x.example`, leadConversionEvents }])
            leads++
          } else if (one.kind === 'read') await check(one.form)
          else if (one.kind === 'update') {
            if (leads > 0) portal.update(`l${one.lead % leads}`, { isDeleted: one.lead % 2 === 0 })
          } else {
            const id = `s${ids++}`
            const contact =
              one.lead === null || leads === 0 ? {} : { contact: `l${one.lead % leads}@x.example` }
            if (!('contact' in contact)) loose.push({ form: one.form, id })
            portal.submit(one.form, { conversionId: id, submittedAt: one.time, ...contact })
          }
        }
        await check('f')
        await check('g')
        await portal.close()
      }),
      { numRuns: 40 },
    )
  },
)

/** All contacts of the old list. */
async function getContacts(portal: Portal, query: string): Promise<AnyJson[]> {
  const all: AnyJson[] = []
  for (let offset: number | undefined = 0; offset !== undefined; ) {
    const { body }: { body: AnyJson } = await getJson(portal, `${contactsPath}?${query}&vidOffset=${offset}`)
    all.push(...body.contacts)
    offset = body['has-more'] ? body['vid-offset'] : undefined
  }
  return all
}

t.test(
  'portal contacts v1: every contact with its record id, submissions and LEAD_GUID, but no deleted one',
  async t => {
    const portal = await startPortal(t, { leads: 1_100 })
    const leads = [...generateLeads({ count: 1_100 })].map((lead, index) => ({
      lead,
      vid: Number(recordIdOf(index + 1)),
    }))
    const contacts = await getContacts(portal, 'count=100&property=email&formSubmissionMode=all')
    t.same(
      contacts.map(contact => ({
        vid: contact.vid,
        email: contact.properties.email?.value ?? '',
        identities: contact['identity-profiles'][0].identities.map(({ type, value }: AnyJson) => [
          type,
          value,
        ]),
        submissions: contact['form-submissions'].map((submission: AnyJson) => [
          submission['conversion-id'],
          submission['form-id'],
          submission.timestamp,
          submission['page-title'],
          submission['page-url'],
          submission.title,
        ]),
      })),
      leads
        .filter(({ lead }) => !lead.isDeleted)
        .map(({ lead, vid }) => ({
          vid,
          email: lead.email,
          identities: [...(lead.email === '' ? [] : [['EMAIL', lead.email]]), ['LEAD_GUID', lead.guid]],
          submissions: (lead.leadConversionEvents ?? [])
            .map(event => [
              event.guid,
              event.formGuid,
              event.convertDate,
              event.pageName,
              event.pageUrl,
              event.formName,
            ])
            .toReversed(),
        })),
    )
    const { body: usual } = await getJson(portal, contactsPath)
    t.equal(usual.contacts.length, 20)
    t.same(
      Object.keys(usual.contacts[0].properties).filter(name => name === 'email'),
      [],
    )
    const between = await getJson(
      portal,
      `${contactsPath}?vidOffset=${Number(recordIdOf(1_000)) + 1}&count=1`,
    )
    t.ok(between.body.contacts[0].vid >= Number(recordIdOf(1_001)), 'an offset that no contact has')
  },
)

t.test('portal contacts v1: formSubmissionMode is newest (default), oldest, all or none', async t => {
  const event = (convertDate: number) => ({ guid: `e${convertDate}`, formGuid: 'f', convertDate })
  const portal = await startPortal(t, {
    leads: [{ guid: 'a', leadConversionEvents: [event(1), event(3), event(2)] }],
  })
  const ids = async (query: string) => {
    const [contact] = await getContacts(portal, query)
    return contact['form-submissions'].map((submission: AnyJson) => submission['conversion-id'])
  }
  t.same(await ids(''), ['e3'])
  t.same(await ids('formSubmissionMode=oldest'), ['e1'])
  t.same(await ids('formSubmissionMode=all'), ['e3', 'e2', 'e1'])
  t.same(await ids('formSubmissionMode=none'), [])
})

t.test('portal: leadsApi and contactsV1 switch off their paths, which are then 404', async t => {
  const portal = await startPortal(t, { leads: 5, leadsApi: false, contactsV1: false })
  for (const path of ['/leads/v1/list', '/leads/v1/lead/a', contactsPath]) {
    const { status, body } = await getJson(portal, path)
    t.same([status, body.status], [404, 'error'], path)
  }
  t.equal((await getJson(portal, formsPath)).status, 200)
})

t.test(
  'portal forms: faults hit pages of forms and submissions by number, and of each form on its own',
  async t => {
    const faults = `page=2 x1 ${submissionsPath('')}:status=503; page=last ${formsPath} x1:status=502`
    const portal = await startPortal(t, { leads: 300, faults })
    const path = submissionsPath(guids.contactUs)
    const { body } = await getJson(portal, path)
    const next = `${path}?after=${encodeURIComponent(body.paging.next.after)}`
    t.same([(await getJson(portal, next)).status, (await getJson(portal, next)).status], [503, 200])
    t.equal((await getJson(portal, `${formsPath}?limit=1`)).status, 200)
    t.equal((await getJson(portal, formsPath)).status, 502)
  },
)

t.test(
  'portal forms: faults of the answer hit every path of forms, contacts, tokens and the account',
  async t => {
    const faults =
      '#1:status=418; #2:reset; #3:cut=0.5; #4:drip=200,interval=0; #5:garbage=html; #6:garbage=broken'
    const form = { method: 'POST', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } }
    for (const [path, options] of [
      [formsPath, {}],
      [submissionsPath(guids.contactUs), {}],
      [contactsPath, {}],
      ['/account-info/v3/details', {}],
      ['/oauth/v1/access-tokens/demooooo-oooo-oooo-oooo-oooooooooooo', {}],
      ['/oauth/v3/token/introspect', { ...form, body: 'token=unknown' }],
    ] as const) {
      const portal = await startPortal(t, { leads: 20, faults })
      const replies: Reply[] = []
      for (let n = 0; n < 7; n++) replies.push(await requestWithToken(portal, path, options))
      const [status, reset, cut, drip, html, broken, last] = replies
      t.same([status?.status, reset?.broken, cut?.broken], [418, 'reset', 'closed'], path)
      t.equal(drip?.broken, undefined)
      t.same(drip?.status, last?.status, path)
      t.match(html?.headers['content-type'], 'text/html', path)
      t.throws(() => JSON.parse(String(broken?.body)), path)
      t.doesNotThrow(() => JSON.parse(String(last?.body)), path)
    }
  },
)

t.test('portal forms: of several labels for one field, the first is kept', async t => {
  const event = (fieldLabel: string) => ({
    formGuid: 'f',
    formSubmissionValues: [{ fieldName: 'x', fieldLabel }, { fieldName: 'y' }],
  })
  const portal = await startPortal(t, {
    leads: [{ guid: 'a', leadConversionEvents: [event('Z'), event('A')] }],
  })
  const fields = async () => {
    const [form] = await getAll(portal, formsPath)
    return form.fieldGroups.map(({ fields: [{ name, label }] }: AnyJson) => [name, label])
  }
  t.same(await fields(), [
    ['x', 'Z'],
    ['y', ''],
  ])
  portal.submit('f', {
    values: [
      { name: 'x', value: '', label: 'New' },
      { name: 'z', value: '', label: 'Last' },
    ],
  })
  t.same(await fields(), [
    ['x', 'Z'],
    ['y', ''],
    ['z', 'Last'],
  ])
})

t.test('portal submissions: merged contacts keep their submissions, each once', async t => {
  const event = (guid: string, convertDate: number) => ({ guid, formGuid: 'f', formName: 'F', convertDate })
  const portal = await startPortal(t, {
    leads: [
      { guid: 'a', email: 'a@x.example', leadConversionEvents: [event('1', 1), event('3', 3)] },
      { guid: 'b', email: 'b@x.example', leadConversionEvents: [event('2', 2)] },
      { guid: 'c', email: 'c@x.example', leadConversionEvents: [event('4', 4)] },
    ],
  })
  const ids = async () => (await getAll(portal, submissionsPath('f'))).map(({ conversionId }) => conversionId)
  t.same(await ids(), ['4', '3', '2', '1'])
  const [a, b] = [recordIdOf(1), recordIdOf(2)]
  portal.crm.merge('contacts', a, b)
  t.same(await ids(), ['4', '3', '2', '1'])
  portal.submit('f', { conversionId: '5', submittedAt: 5, contact: 'a@x.example' })
  t.same(await ids(), ['5', '4', '3', '2', '1'])
  const contacts = await getContacts(portal, 'formSubmissionMode=all&property=hs_calculated_form_submissions')
  t.same(
    contacts.map(({ vid, ...contact }) => [
      contact['merged-vids'],
      contact['form-submissions'].map((submission: AnyJson) => submission['conversion-id']),
      contact.properties.hs_calculated_form_submissions.value,
      contact['identity-profiles'][0].identities.map(({ value }: AnyJson) => value),
    ]),
    [
      [[], ['4'], 'f::4', ['c@x.example', 'c']],
      [
        [Number(a), Number(b)],
        ['5', '3', '2', '1'],
        'f::1;f::2;f::3;f::5',
        ['a@x.example', 'b@x.example', 'a'],
      ],
    ],
  )
})

t.test(
  'portal contacts v1: properties are those of today’s contacts, with times in milliseconds',
  async t => {
    const portal = await startPortal(t, { leads: 20 })
    const names = [
      'email',
      'lastmodifieddate',
      'hs_email_optout',
      'num_conversion_events',
      'closedate',
      'unknown',
    ]
    const query = names.map(name => `property=${name}`).join('&')
    const contacts = await getContacts(portal, query)
    const today = await getAll(portal, '/crm/v3/objects/contacts', `limit=100&properties=${names.join(',')}`)
    t.equal(contacts.length, today.length)
    for (const [index, { properties, vid }] of contacts.entries()) {
      const { id, properties: others } = today[index]
      t.equal(String(vid), id)
      for (const name of names) {
        const value = others[name] ?? null
        const isTime = name.endsWith('date') && value !== null
        t.equal(properties[name]?.value ?? null, isTime ? String(Date.parse(value)) : value)
      }
    }
  },
)

t.test('portal forms: a token without the scope is answered with 403, which names it', async t => {
  const portal = await startPortal(t, { leads: 5, scopes: ['crm.objects.contacts.read'] })
  for (const path of [formsPath, submissionsPath(guids.contactUs)]) {
    const { status, body } = await getJson(portal, path)
    t.same([status, body.errors[0].context.requiredGranularScopes], [403, ['forms']])
  }
  t.equal((await getJson(portal, contactsPath)).status, 200)
  const other = await startPortal(t, { leads: 5, scopes: ['forms'] })
  t.equal((await getJson(other, contactsPath)).status, 403)
  const { body } = await getJson(other, `/oauth/v1/access-tokens/${other.accessToken}`)
  t.same(body.scopes, ['forms'])
})

t.test('portal forms: the middle element of a page is damaged in each list', async t => {
  const portal = await startPortal(t, { leads: 300, faults: '*:element=42' })
  for (const [path, name] of [
    [`${formsPath}?formTypes=all`, 'results'],
    [submissionsPath(guids.contactUs), 'results'],
    [contactsPath, 'contacts'],
  ] as const) {
    const { body } = await getJson(portal, path)
    const elements = body[name]
    t.equal(elements[Math.floor(elements.length / 2)], 42, path)
    t.equal(elements.filter((element: unknown) => element === 42).length, 1)
  }
})
