import { join } from 'node:path'
import t from 'tap'
import { createPortal, generateLeads } from '../../lib/portal/index.ts'
import { getGuids, getLeads, getList } from './helpers/getList.ts'
import { startPortal } from './helpers/startPortal.ts'

const own = [
  {
    guid: 'x',
    nested: { 'quo"te': ['\u2028', '\\', 1e21, -0.5] },
    leadConversionEvents: [{ a: '"' }],
    7: 'seven',
  },
  { leadConversionEvents: null, guid: 'y' },
  { guid: 'z' },
  {},
]

t.test('own leads: they are served as JSON.stringify writes them, valid or not', async t => {
  const portal = await startPortal(t, { leads: own })
  t.equal(portal.leads, 4)
  t.equal((await getList(portal)).body.toString(), JSON.stringify(own))
  t.same(await getLeads(portal, 'excludeConversionEvents=true'), [
    { ...own[0], leadConversionEvents: [] },
    { leadConversionEvents: [], guid: 'y' },
    { guid: 'z' },
    {},
  ])
  t.same((await getLeads(portal, 'sort=leadConversionEvents&dir=desc')).length, 4)
})

t.test('own leads: dates become text, and undefined fields are dropped, as in JSON', async t => {
  const portal = await startPortal(t, { leads: [{ guid: 'a', seen: new Date(0), gone: undefined }] })
  t.same(await getLeads(portal), [{ guid: 'a', seen: '1970-01-01T00:00:00.000Z' }])
})

t.test('own leads: they may be any iterable or async iterable', async t => {
  async function* later() {
    for (const lead of own.slice(0, 3)) yield lead
  }
  for (const leads of [new Set(own.slice(0, 3)), later(), generateLeads({ count: 3 })]) {
    const portal = await startPortal(t, { leads })
    t.equal(portal.leads, 3)
  }
})

t.test('own leads: a lead may have any number of events', async t => {
  const leadConversionEvents = Array.from({ length: 200_000 }, (_, n) => ({ convertDate: 300_000 - n }))
  const portal = await startPortal(t, { leads: [{ guid: 'a', leadConversionEvents }, { guid: 'b' }] })
  const bound = 'excludeConversionEvents=true&timePivot=firstConvertedAt'
  t.equal((await getLeads(portal, `${bound}&startTime=100001`)).length, 0)
  t.match(await getLeads(portal, `${bound}&startTime=100000`), [{ guid: 'a' }])
})

t.test('own leads: they may be an NDJSON file', async t => {
  const lines = ['\ufeff{"guid":"a","message":"line\u2028separator"}\r', '', ' {"guid":"b"} ', '{"guid":"c"}']
  const dir = t.testdir({ 'leads.ndjson': lines.join('\n'), 'empty.ndjson': '' })
  const portal = await startPortal(t, { leads: join(dir, 'leads.ndjson') })
  t.same(await getLeads(portal), [
    { guid: 'a', message: 'line\u2028separator' },
    { guid: 'b' },
    { guid: 'c' },
  ])
  const empty = await startPortal(t, { leads: join(dir, 'empty.ndjson') })
  t.same(await getGuids(empty), [])
})

t.test('own leads: an NDJSON file larger than a read is split at its lines', async t => {
  const leads = [...generateLeads({ count: 100 })]
  const dir = t.testdir({ 'leads.ndjson': leads.map(lead => JSON.stringify(lead)).join('\n') })
  const portal = await startPortal(t, { leads: join(dir, 'leads.ndjson') })
  const byHand = await startPortal(t, { leads })
  t.same(await getLeads(portal, 'max=100'), await getLeads(byHand, 'max=100'))
})

t.test(
  'own leads: a lead file that is missing or has an invalid line is refused with the file and the line',
  async t => {
    const dir = t.testdir({
      'cut.ndjson': '{"guid":"a"}\n\n{"guid":',
      'array.ndjson': '[]\n',
      'twice.ndjson': '{"guid":"a"}\n{"guid":"b"}\n{"guid":"a"}\n',
    })
    const refusal = (file: string, message: string | RegExp) =>
      t.rejects(
        createPortal({ leads: join(dir, file) }),
        { name: 'PortalError', code: 'LEADS', message },
        file,
      )
    await refusal('missing.ndjson', /^The lead file .*missing\.ndjson can not be read: ENOENT/)
    await refusal('.', /can not be read: EISDIR/)
    await refusal('cut.ndjson', /cut\.ndjson, line 3 is not JSON: /)
    await refusal('array.ndjson', /array\.ndjson, line 1 is not a lead: expected a JSON object$/)
    await refusal('twice.ndjson', /^Leads 1 and 3 of .*twice\.ndjson have the same guid$/)
  },
)

t.test('own leads: a value that is not a lead is refused with its number', async t => {
  const circular: Record<string, unknown> = {}
  circular.self = circular
  const failing = function* () {
    yield { guid: 'a' }
    throw new Error('the source broke')
  }
  const cases: [leads: Iterable<unknown>, message: string | RegExp][] = [
    [[{}, 5], 'Lead 2 of those given is not a lead: expected an object'],
    [[null], 'Lead 1 of those given is not a lead: expected an object'],
    [[undefined], 'Lead 1 of those given is not a lead: expected an object'],
    [[['a']], 'Lead 1 of those given is not a lead: expected an object'],
    [[circular], /^Lead 1 of those given can not be JSON: Converting circular structure/],
    [[{ n: 1n }], /^Lead 1 of those given can not be JSON: .*BigInt/],
    [[{ guid: 'a' }, { guid: 'a' }], 'Leads 1 and 2 of the given leads have the same guid'],
    [failing(), 'The given leads failed after 1: the source broke'],
  ]
  for (const [leads, message] of cases) {
    await t.rejects(createPortal({ leads: leads as Iterable<object> }), { code: 'LEADS', message })
  }
})
