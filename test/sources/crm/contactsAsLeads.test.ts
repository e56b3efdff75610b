import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import {
  type ContactsAsLeadsOptions,
  contactsAsLeads,
  type FormSubmission,
  type Lead,
  map,
  type Report,
  run,
  take,
  toArray,
  toFile,
} from '../../../lib/index.ts'
import { generateLeads, type Portal } from '../../../lib/portal/index.ts'
import { startPortal } from '../../portal/helpers/startPortal.ts'
import { failureOf } from '../../support/failureOf.ts'
import { portalClient } from '../../support/portalClient.ts'

const form = 'fcbd0c1834a14534adfc1f0197801048'
const time = 1_400_000_000_000

interface Read {
  report: Report
  leads: Lead[]
  unmatched: FormSubmission[]
}

async function read(t: Test, portal: Portal, options: ContactsAsLeadsOptions = {}): Promise<Read> {
  const sink = toArray<Lead>({ max: 100_000 })
  const unmatched = toArray<FormSubmission>({ max: 100_000 })
  const report = await run(contactsAsLeads(portalClient(t, portal), { unmatched, ...options }), sink)
  return { report, leads: sink.records, unmatched: unmatched.records }
}

/** Leads without conversion events, whatever they count. */
const leadsOf = (...list: object[]) =>
  list.map((lead, n) => ({
    ...[...generateLeads({ count: 1, seed: n })][0],
    ...{ guid: `guid-${n}`, email: `${n}@x.example`, isDeleted: false },
    ...{ leadConversionEvents: [], numConversionEvents: 0 },
    ...lead,
  }))

const values = (email: string) => [{ name: 'email', value: email }]
const eventsOf = ({ leads }: Read) =>
  leads.map(({ leadConversionEvents = [] }) => leadConversionEvents.map(({ guid }) => guid))
const idsOf = (list: readonly FormSubmission[]) => list.map(({ conversionId }) => conversionId)

t.test('contactsAsLeads: archived contacts are deleted leads, with their submissions', async t => {
  const portal = await startPortal(t, { leads: 200 })
  const { report, leads: all, unmatched } = await read(t, portal, { archived: 'both' })
  t.equal(all.length, 200)
  t.strictSame(unmatched, [])
  t.equal(all.filter(({ isDeleted }) => isDeleted).length > 0, true)
  t.ok(report.submissions?.joined.time, 'the old list has no archived contacts')
})

t.test('contactsAsLeads: submissions that match no contact go to `unmatched`, or are counted', async t => {
  const portal = await startPortal(t, { leads: leadsOf({}, {}) })
  portal.submit(form, { conversionId: 'a', values: values('0@x.example'), submittedAt: time })
  portal.submit(form, { conversionId: 'b', submittedAt: time + 1, contact: '1@x.example' })
  portal.submit(form, { conversionId: null, submittedAt: time + 2 })
  const found = await read(t, portal)
  t.strictSame(eventsOf(found), [[], ['b']])
  // A contact that counts no submissions has none, whatever their addresses are.
  t.strictSame(idsOf(found.unmatched), [undefined, 'a'])
  t.match(found.unmatched[1], { formGuid: form, submittedAt: time, values: values('0@x.example') })
  t.equal(found.report.leads, 2)
  t.equal(found.report.records, 2)
  t.strictSame(found.report.operators, [{ name: 'contactsAsLeads', in: 4, out: 2, own: { unmatched: 2 } }])
  const counted = await read(t, portal, { unmatched: undefined })
  t.strictSame(counted.report.operators, [])
  t.strictSame(counted.report.submissions, found.report.submissions)
  t.strictSame(counted.leads, found.leads)
  const path = join(t.testdir(), 'unmatched.ndjson')
  await read(t, portal, { unmatched: path })
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
  t.strictSame(
    lines.map(line => JSON.parse(line)),
    found.unmatched,
  )
})

t.test(
  'contactsAsLeads: several submissions with one form and time go to the contacts with their addresses',
  async t => {
    const event = (guid: string, email: string) => ({
      ...{ guid, formGuid: form, convertDate: time },
      formSubmissionValues: [{ fieldName: 'email', fieldValue: email }],
    })
    const list = leadsOf(
      {
        leadConversionEvents: [event('a', 'OLD@x.example')],
        hs_additional_emails: 'old@x.example;older@x.example',
      },
      { leadConversionEvents: [event('b', '1@x.example')] },
      { leadConversionEvents: [event('c', 'nobody@x.example')] },
    ).map(lead => ({ ...lead, numConversionEvents: 1 }))
    const portal = await startPortal(t, { leads: list, contactsV1: false })
    const found = await read(t, portal)
    t.strictSame(eventsOf(found), [['a'], ['b'], ['c']])
    t.strictSame(found.report.submissions?.joined, { conversionId: 0, time: 3, email: 0 })
  },
)

t.test(
  'contactsAsLeads: a contact that counts more submissions than it names has those with its addresses',
  async t => {
    const list = leadsOf(
      { email: 'Shared@x.example', numConversionEvents: 2 },
      { email: 'shared@x.example', hs_additional_emails: 'second@x.example', numConversionEvents: 2 },
      { email: 'shared@x.example', numConversionEvents: 0 },
    )
    const portal = await startPortal(t, { leads: list, contactsV1: false })
    const submit = (conversionId: string, email: string, submittedAt: number) =>
      portal.submit(form, { conversionId, values: values(email), submittedAt })
    submit('oldest', 'shared@x.example', time)
    submit('older', 'SHARED@x.example ', time + 1)
    submit('newest', 'shared@x.example', time + 2)
    submit('second', 'Second@x.example', time + 3)
    submit('other', 'third@x.example', time + 4)
    const found = await read(t, portal)
    t.strictSame(eventsOf(found), [['older', 'newest'], ['oldest', 'second'], []])
    t.strictSame(idsOf(found.unmatched), ['other'])
    t.strictSame(found.report.submissions?.joined, { conversionId: 0, time: 0, email: 4 })
  },
)

t.test('contactsAsLeads: what the old list ties to one contact goes to no other', async t => {
  const event = { guid: 'a', formGuid: form, convertDate: time }
  const list = leadsOf(
    { numConversionEvents: 5 },
    {
      numConversionEvents: 1,
      leadConversionEvents: [
        { ...event, formSubmissionValues: [{ fieldName: 'email', fieldValue: '0@x.example' }] },
      ],
    },
  )
  const portal = await startPortal(t, { leads: list })
  t.strictSame(eventsOf(await read(t, portal)), [[], ['a']])
  t.strictSame(eventsOf(await read(t, portal, { legacyContacts: false })), [['a'], []])
})

t.test('contactsAsLeads: a merged contact has the submissions of all of them', async t => {
  const event = (guid: string) => ({ guid, formGuid: form, convertDate: time, formSubmissionValues: [] })
  const list = leadsOf(
    { leadConversionEvents: [event('a')], numConversionEvents: 1 },
    { leadConversionEvents: [event('b')], numConversionEvents: 1 },
  )
  for (const options of [{}, { contactsV1: false }]) {
    const portal = await startPortal(t, { leads: list, ...options })
    const ids = (await read(t, portal)).leads.map(({ id }) => id) as [string, string]
    portal.crm.merge('contacts', ids[0], ids[1])
    const found = await read(t, portal)
    t.strictSame(eventsOf(found).flat().sort(), ['a', 'b'])
    t.equal(found.leads.length, 1)
  }
})

t.test(
  'contactsAsLeads: with a limit, and if an operator ends the run, nothing counts as unmatched',
  async t => {
    const portal = await startPortal(t, { leads: 150 })
    const found = await read(t, portal, { limit: 120 })
    t.equal(found.leads.length, 120)
    t.strictSame(found.unmatched, [])
    t.equal(found.report.submissions?.unmatched, undefined)
    const report = await run(contactsAsLeads(portalClient(t, portal)), take(5), toArray<Lead>({ max: 10 }))
    t.equal(report.records, 5)
    t.equal(report.submissions?.unmatched, undefined)
  },
)

t.test(
  'contactsAsLeads: in a plain pipeline unmatched submissions are counted, and an output is refused',
  async t => {
    const portal = await startPortal(t, { leads: leadsOf({}, {}) })
    portal.submit(form, { submittedAt: time })
    const source = contactsAsLeads(portalClient(t, portal))
    t.equal((await source.toArray()).length, 2)
    t.equal(source.submissions.unmatched, 1)
    const requests = portal.requests.length
    const refused = contactsAsLeads(portalClient(t, portal), { unmatched: 'unmatched.ndjson' })
    t.match(await failureOf(refused.toArray()), {
      code: 'OPTION',
      message: /contactsAsLeads\(\): unmatched: expected none in a plain pipeline/,
    })
    t.equal(portal.requests.length, requests)
  },
)

t.test('contactsAsLeads: the guid of 2011 needs the old list of contacts', async t => {
  const portal = await startPortal(t, { leads: 5, contactsV1: false })
  t.match(await failureOf(read(t, portal, { guid: 'legacy' })), { code: 'HTTP', context: { status: 404 } })
})

t.test('contactsAsLeads: a missing scope is an error', async t => {
  const portal = await startPortal(t, { leads: 5, scopes: ['crm.objects.contacts.read'] })
  t.match(await failureOf(read(t, portal)), { code: 'AUTH', context: { requiredScopes: ['forms'] } })
})

t.test(
  'contactsAsLeads: the temporary file is removed, whatever the end, and wrong options are refused',
  async t => {
    const dir = t.testdir()
    const before = process.env.TMPDIR
    process.env.TMPDIR = dir
    t.teardown(() => {
      if (before === undefined) delete process.env.TMPDIR
      else process.env.TMPDIR = before
    })
    const portal = await startPortal(t, { leads: 150 })
    const client = portalClient(t, portal)
    await read(t, portal)
    for await (const { guid } of contactsAsLeads(client)) if (guid !== undefined) break
    const unread = contactsAsLeads(client)
    unread.destroy()
    const begun = contactsAsLeads(client)
    begun.read()
    begun.destroy()
    await once(begun, 'close')
    await failureOf(read(t, await startPortal(t, { leads: 5, faults: 'page=1:status=400' })))
    t.strictSame(readdirSync(dir), [])
    const path = join(dir, 'mine.sqlite')
    await read(t, portal, { spool: path })
    t.strictSame(readdirSync(dir), [], 'that of the option, too')
    writeFileSync(path, 'a text')
    t.match(await failureOf(read(t, portal, { spool: path })), {
      code: 'CHECKPOINT',
      message: /mine\.sqlite: it is not a file of submissions that leadpipe made/,
    })
    t.equal(readFileSync(path, 'utf8'), 'a text')
    t.match(await failureOf(read(t, portal, { spool: join(dir, 'no', 'folder.sqlite') })), {
      code: 'SOURCE',
      message: /the submissions can't be kept in .*folder\.sqlite: ENOENT/,
    })
    t.match(await failureOf(async () => contactsAsLeads(client, { quarantine: 'x' } as object)), {
      code: 'OPTION',
      message: /it is called unmatched/,
    })
  },
)

t.test(
  'contactsAsLeads: the file is beside the checkpoint, only its owner reads it, and it goes at the end',
  async t => {
    const portal = await startPortal(t, { leads: 150 })
    const dir = t.testdir()
    const checkpoint = join(dir, 'checkpoint.json')
    const spool = `${checkpoint}.submissions.sqlite`
    const start = (options: ContactsAsLeadsOptions, onLead = () => {}) =>
      run(
        contactsAsLeads(portalClient(t, portal), options),
        map(lead => {
          onLead()
          return lead
        }),
        toFile(join(dir, 'leads.ndjson')),
        { checkpoint: { path: checkpoint, version: '1' } },
      )
    const stop = () => {
      throw new Error('stop')
    }
    await failureOf(start({}, stop))
    t.equal(statSync(spool).mode & 0o777, 0o600)
    t.match(await failureOf(start({ archived: true })), {
      code: 'CHECKPOINT',
      message: /it is of another run/,
    })
    t.match(await failureOf(start({ spool: join(dir, 'other.sqlite') })), {
      code: 'CHECKPOINT',
      message:
        /the submissions that were read before the restart are lost: .*other\.sqlite: it does not exist/,
    })
    const other = await startPortal(t, { leads: 5 })
    const elsewhere = contactsAsLeads(portalClient(t, other), { spool })
    t.match(await failureOf(run(elsewhere, toArray({ max: 10 }))), {
      code: 'CHECKPOINT',
      message: /it holds the submissions of another portal, or of an export with other options/,
    })
    const twice = run(
      contactsAsLeads(portalClient(t, portal), { spool: join(dir, 'leads.ndjson') }),
      toFile(join(dir, 'leads.ndjson')),
    )
    t.match(await failureOf(twice), {
      code: 'OPTION',
      message: /leads\.ndjson.* the submissions that the source keeps/,
    })
    const report = await start({})
    t.equal(report.checkpoint?.found, 'running')
    t.notOk(existsSync(spool))
    t.strictSame(readdirSync(dir).sort(), ['checkpoint.json', 'leads.ndjson'])
  },
)
