import { readFile } from 'node:fs/promises'
import t from 'tap'
import { generateLeads } from '../../lib/portal/index.ts'
import { root } from '../support/root.ts'
import { getGuids, getLeads } from './helpers/getList.ts'
import { requestPath, requestWithToken } from './helpers/requestPath.ts'
import { startPortal } from './helpers/startPortal.ts'

const sample = JSON.parse(await readFile(`${root}test/portal/fixtures/lead-sample.json`, 'utf8'))

t.test('portal list: the documented example URL answers the documented example, byte for byte', async t => {
  const portal = await startPortal(t, { leads: sample })
  const url = '/leads/v1/list?access_token=demooooo-oooo-oooo-oooo-oooooooooooo&max=1'
  const { status, body } = await requestPath(portal, url)
  t.equal(status, 200)
  t.equal(body.toString(), JSON.stringify(sample), 'the body is a compact array')
})

t.test('portal list: “Path /leads/v1/list and /leads/v1/list/” answer the same', async t => {
  const portal = await startPortal(t, { leads: sample })
  t.same(JSON.parse((await requestWithToken(portal, '/leads/v1/list/')).body.toString()), sample)
})

/** Five leads that differ in the fields that the parameters filter and sort by. */
const events = (...dates: number[]) => dates.map(convertDate => ({ convertDate }))
const five = [
  { guid: 'a', insertedAt: 1, email: 'ann@x.example', firstName: 'Ann', lastConvertedAt: 9, closedAt: 3 },
  { guid: 'b', insertedAt: 2, lastName: 'Щербаков', emailOptOut: true, imported: true, lastModifiedAt: 5 },
  { guid: 'c', insertedAt: 3, company: 'ΟΔΟΣ', emailBounced: true, leadConversionEvents: events(7, 4) },
  { guid: 'd', insertedAt: 3, city: 'Ann Arbor', eligibleForEmail: true, leadConversionEvents: events(6) },
  { guid: 'e', insertedAt: 5, email: 'E@x.example', isDeleted: true, leadConversionEvents: [] },
]

t.test('portal list: each parameter selects its leads', async t => {
  const portal = await startPortal(t, { leads: five })
  const cases: [title: string, query: string, guids: string[]][] = [
    ['no parameter: all leads that are not deleted, by insertedAt', '', ['a', 'b', 'c', 'd']],
    ['search finds a part of the e-mail address', 'search=X.EXAM', ['a']],
    ['search finds a part of the first name, not of the city', 'search=ann', ['a']],
    ['search in lower case finds Cyrillic in upper case', 'search=%D1%89%D0%95%D0%A0%D0%91', ['b']],
    [
      'search folds case as JavaScript does, the Greek final sigma too',
      'search=%CE%9F%CE%94%CE%9F%CE%A3',
      ['c'],
    ],
    ['search does not match across two fields', 'search=nnann', []],
    ['an empty search filters nothing', 'search=', ['a', 'b', 'c', 'd']],
    ['sort by an attribute, the missing ones first', 'sort=email', ['b', 'c', 'd', 'a']],
    ['“insteredAt is a typo of insertedAt: accept both”', 'sort=insteredAt&dir=desc', ['d', 'c', 'b', 'a']],
    ['“fce.convertDate”: sort by the first conversion', 'sort=fce.convertDate', ['a', 'b', 'c', 'd']],
    ['“lce.convertDate”: sort by the last conversion', 'sort=lce.convertDate', ['a', 'b', 'd', 'c']],
    ['dir=desc reverses ties, too', 'sort=insertedAt&dir=desc', ['d', 'c', 'b', 'a']],
    ['dir=asc is the default', 'dir=asc', ['a', 'b', 'c', 'd']],
    ['max', 'max=2', ['a', 'b']],
    ['max=0', 'max=0', []],
    ['offset', 'offset=3', ['d']],
    ['offset past the end', 'offset=4', []],
    ['a huge offset', 'offset=99999999999999999999999', []],
    ['“a buggy client sends offset=-98”: it is 0', 'offset=-98', ['a', 'b', 'c', 'd']],
    ['startTime is exclusive', 'startTime=2', ['c', 'd']],
    ['stopTime is inclusive', 'stopTime=2', ['a', 'b']],
    ['“times in exponent form such as 2.678400318E9”', 'startTime=0.2E1&stopTime=30e-1', ['c', 'd']],
    ['times with an encoded plus', 'startTime=0.2E%2B1', ['c', 'd']],
    [
      'timePivot=firstConvertedAt is the earliest event',
      'timePivot=firstConvertedAt&startTime=3',
      ['c', 'd'],
    ],
    [
      'timePivot=firstConvertedAt is 0 without events',
      'timePivot=firstConvertedAt&stopTime=4',
      ['a', 'b', 'c'],
    ],
    ['timePivot=lastConvertedAt', 'timePivot=lastConvertedAt&startTime=0', ['a']],
    ['timePivot=lastModifiedAt', 'timePivot=lastModifiedAt&startTime=4', ['b']],
    ['timePivot=closedAt', 'timePivot=closedAt&startTime=2&stopTime=3', ['a']],
    ['timePivot without a bound filters nothing', 'timePivot=closedAt', ['b', 'c', 'd', 'a']],
    ['“opt-out is spelled optOut (documented)', 'optOut=true', ['b']],
    ['… optout', 'optout=true', ['b']],
    ['… and emailOptOut”', 'emailOptOut=true', ['b']],
    ['one spelling with true is enough', 'optOut=false&emailOptOut=true', ['b']],
    ['eligibleForEmail=true', 'eligibleForEmail=true', ['d']],
    ['bounced=true', 'bounced=true', ['c']],
    ['“not-imported isNotImported (documented)', 'isNotImported=true', ['a', 'c', 'd']],
    ['… and notImported”', 'notImported=true', ['a', 'c', 'd']],
    ['false filters nothing', 'optOut=false&bounced=false&eligibleForEmail=false', ['a', 'b', 'c', 'd']],
    ['only the literal true filters', 'optOut=TRUE&bounced=1&isNotImported=yes', ['a', 'b', 'c', 'd']],
    ['includeDeleted=true', 'includeDeleted=true', ['a', 'b', 'c', 'd', 'e']],
    ['includeDeleted=false', 'includeDeleted=false', ['a', 'b', 'c', 'd']],
    ['“guids: brackets raw, indices in any order', 'guids[7]=c&guids[0]=a', ['a', 'c']],
    ['… or percent-encoded”', 'guids%5B0%5D=b&guids%5b1%5d=a', ['a', 'b']],
    ['guids with other parameters', 'guids[0]=a&guids[1]=b&guids[2]=e&optOut=true', ['b']],
    ['max applies to guids', 'guids[0]=a&guids[1]=b&max=1', ['a']],
    ['a guid that no lead has', 'guids[0]=nobody', []],
    ['“some send portalId= too; unknown parameters are ignored”', 'portalId=62515&foo', ['a', 'b', 'c', 'd']],
  ]
  for (const [title, query, guids] of cases) t.same(await getGuids(portal, query), guids, title)
})

t.test('portal list: the options startTime and stopTime make the bounds inclusive or exclusive', async t => {
  const portal = await startPortal(t, { leads: five, startTime: 'inclusive', stopTime: 'exclusive' })
  t.same(await getGuids(portal, 'startTime=2&stopTime=3'), ['b'])
})

t.test("portal list: stopTime is the portal's present by default, inclusive", async t => {
  const portal = await startPortal(t, { leads: five, now: () => 2, stopTime: 'exclusive' })
  t.same(await getGuids(portal), ['a', 'b'])
  t.same(await getGuids(portal, 'stopTime=9'), ['a', 'b', 'c', 'd'])
})

t.test(
  'portal list: excludeConversionEvents=true empties the events of every lead and changes nothing else',
  async t => {
    const portal = await startPortal(t, { leads: 200 })
    const whole = await getLeads(portal, 'max=100')
    const bare = await getLeads(portal, 'max=100&excludeConversionEvents=true')
    t.same(
      bare,
      whole.map(lead => ({ ...lead, leadConversionEvents: [] })),
    )
    t.same(await getLeads(portal, 'max=100&excludeConversionEvents=false'), whole)
  },
)

t.test('portal list: “a server that clamps max to 100 silently”, and 10 leads a page by default', async t => {
  const portal = await startPortal(t, { leads: 250 })
  t.equal((await getLeads(portal)).length, 10)
  t.equal((await getLeads(portal, 'max=250')).length, 100)
  t.equal((await getLeads(portal, 'max=100')).length, 100)
})

t.test('portal list: pages by max and offset hold every lead once', async t => {
  const portal = await startPortal(t, { leads: 250 })
  const guids: string[] = []
  for (let offset = 0; offset < 300; offset += 60) {
    guids.push(...(await getGuids(portal, `max=60&offset=${offset}&includeDeleted=true`)))
  }
  t.same(guids.toSorted(), [...generateLeads({ count: 250 })].map(lead => lead.guid).toSorted())
})

t.test('portal list: a hundred guids are accepted', async t => {
  const portal = await startPortal(t, { leads: 200 })
  const guids = await getGuids(portal, 'max=100&offset=50')
  const query = guids.map((guid, index) => `guids%5B${index}%5D=${guid}`).join('&')
  t.same(await getGuids(portal, `max=100&${query}`), guids)
})

t.test(
  'portal list: “absent times are 0, absent text is "", leadNurturingCampaignId is -1 when there is none”',
  async t => {
    const portal = await startPortal(t, { leads: 200 })
    const leads = await getLeads(portal, 'max=100')
    t.ok(leads.some(lead => lead.closedAt === 0 && lead.email !== undefined))
    t.ok(leads.some(lead => lead.leadNurturingCampaignId === -1))
    t.ok(leads.some(lead => lead.company === ''))
    t.notMatch(JSON.stringify(leads), /:null[,}]/)
  },
)

t.test(
  'portal list: “paging ends at a short or an empty page”: there is no total and no has-more',
  async t => {
    const portal = await startPortal(t, { leads: 25 })
    const sizes: number[] = []
    for (let offset = 0; offset <= 30; offset += 10) {
      sizes.push((await getLeads(portal, `max=10&offset=${offset}&includeDeleted=true`)).length)
    }
    t.same(sizes, [10, 10, 5, 0])
  },
)

t.test('portal list: any attribute of the schema can be the sort, in both directions', async t => {
  const portal = await startPortal(t, { leads: 50 })
  const [lead] = await getLeads(portal, 'includeDeleted=true')
  for (const name of Object.keys(lead ?? {})) {
    const ascending = await getGuids(portal, `max=100&sort=${name}`)
    t.same(await getGuids(portal, `max=100&dir=desc&sort=${name}`), ascending.toReversed(), name)
  }
})
