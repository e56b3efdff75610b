import fc from 'fast-check'
import t from 'tap'
import { HubSpotClient, type Lead, leads, timePivots } from '../../lib/index.ts'
import type { PageQuery } from '../../lib/lead/LeadsQuery.ts'
import { createPortal, generateLeads } from '../../lib/portal/index.ts'

const count = 300
const portal = await createPortal({ leads: count })
const client = new HubSpotClient({
  accessToken: portal.accessToken,
  origin: portal.origin,
  rateLimit: 'none',
})
t.teardown(async () => {
  await client.close()
  await portal.close()
})
const all = [...generateLeads({ count })]

async function guidsOf(query: PageQuery): Promise<string[]> {
  const guids: string[] = []
  for await (const lead of leads(client, query)) guids.push(lead.guid)
  return guids
}

const pivotOf = (lead: Lead, pivot: NonNullable<PageQuery['timePivot']>): number =>
  pivot === 'firstConvertedAt'
    ? Math.min(
        ...(lead.leadConversionEvents?.map(event => event.convertDate ?? 0) ?? []),
        Number.POSITIVE_INFINITY,
      ) % Number.POSITIVE_INFINITY || 0
    : (lead[pivot] ?? 0)

/** Whether a lead matches a query, as the API documentation says. */
function matches(lead: Lead, query: PageQuery): boolean {
  const { search = '', startTime, stopTime, timePivot = 'insertedAt', guids } = query
  const time = pivotOf(lead, timePivot)
  return ((query.includeDeleted || !lead.isDeleted) &&
    (!query.optOut || lead.emailOptOut) &&
    (!query.eligibleForEmail || lead.eligibleForEmail) &&
    (!query.bounced || lead.emailBounced) &&
    (!query.isNotImported || !lead.imported) &&
    (startTime === undefined || time > Number(startTime)) &&
    (stopTime === undefined || time <= Number(stopTime)) &&
    (guids === undefined || guids.includes(lead.guid)) &&
    [lead.firstName, lead.lastName, lead.email, lead.company].some(text =>
      text?.toLowerCase().includes(search.toLowerCase()),
    )) as boolean
}

const times = all.map(lead => lead.insertedAt ?? 0).toSorted((a, b) => a - b)
const time = fc.oneof(fc.constantFrom(...times), fc.integer({ min: times[0] ?? 0, max: times.at(-1) ?? 0 }))
const flag = fc.option(fc.boolean(), { nil: undefined })
const query: fc.Arbitrary<PageQuery> = fc
  .record({
    search: fc.option(fc.constantFrom('', 'a', 'EXAMPLE', 'ü', 'о', '"', 'nobody has this'), {
      nil: undefined,
    }),
    max: fc.option(fc.integer({ min: 20, max: 100 }), { nil: undefined }),
    timePivot: fc.option(fc.constantFrom(...timePivots), { nil: undefined }),
    bounds: fc.option(fc.tuple(time, time), { nil: undefined }),
    optOut: flag,
    eligibleForEmail: flag,
    bounced: flag,
    isNotImported: flag,
    includeDeleted: flag,
    guids: fc.option(
      fc.array(fc.constantFrom(...all.map(lead => lead.guid)), { minLength: 1, maxLength: 100 }),
      {
        nil: undefined,
        freq: 4,
      },
    ),
  })
  .map(({ bounds, ...rest }) => {
    const [startTime, stopTime] = bounds?.toSorted((a, b) => a - b) ?? []
    return { ...rest, startTime, stopTime }
  })

t.test('leads: random combinations of parameters select the same leads as a plain filter', async t => {
  await fc.assert(
    fc.asyncProperty(query, async query => {
      const expected = all.filter(lead => matches(lead, query)).map(lead => lead.guid)
      t.strictSame((await guidsOf(query)).toSorted(), expected.toSorted(), JSON.stringify(query))
    }),
    { numRuns: 60 },
  )
})

t.test('leads: each parameter alone selects some of the leads, as a plain filter does', async t => {
  const middle = times[50] as number
  const alone: PageQuery[] = [
    { search: 'acme' },
    { startTime: middle },
    { stopTime: middle },
    { startTime: 0, timePivot: 'closedAt' },
    { startTime: new Date(middle), timePivot: 'lastModifiedAt' },
    { startTime: 0, timePivot: 'firstConvertedAt' },
    { startTime: 0, timePivot: 'lastConvertedAt' },
    { optOut: true },
    { eligibleForEmail: true },
    { bounced: true },
    { isNotImported: true },
    {
      guids: all
        .filter(lead => !lead.isDeleted)
        .slice(0, 3)
        .map(lead => lead.guid),
    },
  ]
  const listed = (await guidsOf({})).length
  for (const query of alone) {
    const expected = all.filter(lead => matches(lead, query)).map(lead => lead.guid)
    t.ok(expected.length > 0 && expected.length < listed, `${JSON.stringify(query)}: ${expected.length}`)
    t.strictSame((await guidsOf(query)).toSorted(), expected.toSorted())
  }
  t.equal(listed, all.filter(lead => !lead.isDeleted).length)
  t.equal((await guidsOf({ includeDeleted: true })).length, count)
})

t.test('leads: sort and dir order the leads over all pages', async t => {
  for (const dir of ['asc', 'desc'] as const) {
    const emails: string[] = []
    for await (const { email = '' } of leads(client, { sort: 'email', dir, max: 40 })) emails.push(email)
    const sorted = emails.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    t.strictSame(emails, dir === 'asc' ? sorted : sorted.toReversed(), dir)
  }
})

t.test('leads: excludeConversionEvents leaves out the events and nothing else', async t => {
  const byGuid = new Map(all.map(lead => [lead.guid, lead]))
  for await (const lead of leads(client, { excludeConversionEvents: true })) {
    t.strictSame(lead, { ...byGuid.get(lead.guid), leadConversionEvents: [] })
  }
})
