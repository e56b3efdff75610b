// What real clients of the API send, read and have to survive: one note and one test each. A title quotes its note.
import { get } from 'node:http'
import t, { type Test } from 'tap'
import { withClock } from '../../lib/http/Clock.ts'
import {
  HubSpotClient,
  type HubSpotClientOptions,
  type Lead,
  type LeadpipeError,
  type LeadsOptions,
  leads,
} from '../../lib/index.ts'
import { createPortal, generateLeads, type PortalOptions } from '../../lib/portal/index.ts'
import { FakeClock } from '../support/FakeClock.ts'
import { failureOf } from '../support/failureOf.ts'
import { listen } from '../support/listen.ts'
import { openClient } from '../support/openClient.ts'

const count = 250
const all = [...generateLeads({ count })]
const portal = await createPortal({ leads: count })
t.teardown(() => portal.close())

/** Requests a path of the portal as JSON; adds the token unless the path or the headers have credentials. */
async function request(path: string, init?: RequestInit): Promise<{ status: number; json: unknown }> {
  const separator = path.includes('?') ? '&' : '?'
  const token = /token|hapikey|\bno-token/.test(path + JSON.stringify(init ?? {}))
    ? ''
    : `${separator}access_token=${portal.accessToken}`
  const response = await fetch(`${portal.origin}${path}${token}`, init)
  return { status: response.status, json: await response.json() }
}
const listOf = async (query: string) => (await request(`/leads/v1/list?max=100&${query}`)).json as Lead[]
const guidsOf = (list: readonly Lead[]) => list.map(({ guid }) => guid).sort()

async function exported(
  t: Test,
  options: PortalOptions,
  client: HubSpotClientOptions = {},
  clock = new FakeClock(),
  how: LeadsOptions = {},
) {
  const own = await createPortal({ leads: count, ...options })
  const reader = new HubSpotClient(
    withClock({ accessToken: own.accessToken, origin: own.origin, rateLimit: 'none', ...client }, clock),
  )
  t.teardown(async () => {
    await reader.close()
    await own.close()
  })
  const source = leads(reader, { includeDeleted: true, ...how })
  const received: Lead[] = []
  const reading = (async () => {
    for await (const lead of source) received.push(lead)
  })()
  const error = await reading.then(
    () => undefined,
    (failure: LeadpipeError) => failure,
  )
  return { received, error, requests: own.requestCount, waits: clock.waits }
}

t.test(
  'API, on the wire: "Path /leads/v1/list and /leads/v1/list/; one lead: /leads/v1/lead/{guid} with or without a trailing slash"',
  async t => {
    t.strictSame(await request('/leads/v1/list/'), await request('/leads/v1/list'))
    const [lead] = all
    for (const path of [`/leads/v1/lead/${lead?.guid}`, `/leads/v1/lead/${lead?.guid}/`]) {
      t.strictSame((await request(path)).json, lead)
    }
  },
)

t.test('API, on the wire: "/leads/v1/lead/?email=…, ?userToken=…, ?conversionEventGuid=…"', async t => {
  const lead = all.find(one => one.email && one.userToken && one.leadConversionEvents?.[0]) as Lead
  const event = lead.leadConversionEvents?.[0]?.guid
  for (const query of [
    `email=${encodeURIComponent(lead.email ?? '')}`,
    `userToken=${lead.userToken}`,
    `conversionEventGuid=${event}`,
  ]) {
    const response = await fetch(
      `${portal.origin}/leads/v1/lead/?${query}&access_token=${portal.accessToken}`,
    )
    t.equal(((await response.json()) as Lead).guid, lead.guid, query)
  }
})

t.test(
  'API, on the wire: "Credentials: access_token=, hapikey=, or Authorization: Bearer. Some send portalId= too; unknown parameters are ignored"',
  async t => {
    const expected = (await request('/leads/v1/list')).json
    t.strictSame((await request(`/leads/v1/list?hapikey=${portal.accessToken}`)).json, expected)
    const headers = { Authorization: `Bearer ${portal.accessToken}` }
    t.strictSame((await request('/leads/v1/list?no-token', { headers })).json, expected)
    t.strictSame((await request('/leads/v1/list?portalId=62515&colour=red')).json, expected)
  },
)

t.test(
  'API, on the wire: "guids[0]=a&guids[1]=b: brackets raw or percent-encoded, indices in any order"',
  async t => {
    const [a, b] = all.filter(lead => !lead.isDeleted).map(({ guid }) => guid) as [string, string]
    for (const query of [`guids[0]=${a}&guids[1]=${b}`, `guids%5B7%5D=${b}&guids%5B2%5D=${a}`]) {
      t.strictSame(guidsOf(await listOf(query)), [a, b].sort())
    }
  },
)

t.test(
  'API, on the wire: "Opt-out is spelled optOut, optout and emailOptOut; not-imported isNotImported and notImported"',
  async t => {
    const optedOut = await listOf('optOut=true')
    t.ok(optedOut.length > 0 && optedOut.every(lead => lead.emailOptOut))
    for (const name of ['optout', 'emailOptOut']) t.strictSame(await listOf(`${name}=true`), optedOut)
    const web = await listOf('isNotImported=true')
    t.ok(web.length > 0 && web.every(lead => !lead.imported))
    t.strictSame(await listOf('notImported=true'), web)
  },
)

t.test(
  'API, on the wire: "Times as integers, and in exponent form such as 2.678400318E9. A buggy client sends offset=-98"',
  async t => {
    const middle = Math.floor((all[30]?.insertedAt as number) / 1_000) * 1_000
    const expected = await listOf(`timePivot=insertedAt&startTime=${middle}`)
    t.ok(expected.length > 0)
    const exponent = `${middle / 1_000}E3`
    t.equal(Number(exponent), middle)
    t.strictSame(await listOf(`timePivot=insertedAt&startTime=${exponent}`), expected)
    t.strictSame(await listOf('offset=-98'), await listOf('offset=0'))
  },
)

t.test(
  'API, on the wire: "Sort names: any lead attribute …, fce.convertDate, lce.convertDate …; insteredAt is a typo of insertedAt: accept both"',
  async t => {
    for (const name of [
      'firstName',
      'lastName',
      'email',
      'address',
      'phone',
      'insertedAt',
      'lastModifiedAt',
      'closedAt',
      'zip',
    ]) {
      t.equal((await request(`/leads/v1/list?sort=${name}&dir=desc`)).status, 200, name)
    }
    const lce = (await listOf('sort=lce.convertDate&dir=desc')).map(lead => lead.lastConvertedAt ?? 0)
    t.strictSame(
      lce,
      lce.toSorted((a, b) => b - a),
    )
    t.strictSame(await listOf('sort=insteredAt'), await listOf('sort=insertedAt'))
  },
)

t.test(
  'API, on the wire: "firstConvertedAt is a pivot though no field of the lead (it is the first event\'s convertDate)"',
  async t => {
    const first = (lead: Lead) =>
      Math.min(...(lead.leadConversionEvents ?? []).map(event => event.convertDate ?? 0))
    const bound = first(all.find(lead => lead.leadConversionEvents?.length) as Lead)
    const expected = all.filter(
      lead => !lead.isDeleted && lead.leadConversionEvents?.length && first(lead) > bound,
    )
    const received: Lead[] = []
    const client = openClient(t, portal.origin, { accessToken: portal.accessToken })
    for await (const lead of leads(client, { timePivot: 'firstConvertedAt', startTime: bound }))
      received.push(lead)
    t.strictSame(guidsOf(received), guidsOf(expected))
  },
)

t.test(
  'API, on the wire: "One Python client decodes gzip only when the header is written in canonical case"',
  async t => {
    const path = `${portal.origin}/leads/v1/list?access_token=${portal.accessToken}`
    const names = await new Promise<string[]>(resolve => {
      get(path, { headers: { 'Accept-Encoding': 'gzip' } }, response => {
        response.resume()
        resolve(response.rawHeaders.filter((_, index) => index % 2 === 0))
      })
    })
    t.ok(names.includes('Content-Encoding'), names.join())
  },
)

t.test('API, read: "/list answers a JSON array; /lead/{guid} an object"', async t => {
  t.ok(Array.isArray((await request('/leads/v1/list')).json))
  t.notOk(Array.isArray((await request(`/leads/v1/lead/${all[0]?.guid}`)).json))
})

t.test(
  'API, read: "Absent times are 0, absent text is \\"\\"; leadNurturingCampaignId is -1 …; formGuid may be \\"\\" inside a value …; score is a float"',
  async t => {
    t.ok(all.some(lead => lead.closedAt === 0 && lead.company === '' && lead.leadNurturingCampaignId === -1))
    const values = all
      .flatMap(lead => lead.leadConversionEvents ?? [])
      .flatMap(event => event.formSubmissionValues ?? [])
    t.ok(values.some(value => value.formGuid === ''))
    t.ok(all.some(lead => !Number.isInteger(lead.score) && lead.score !== undefined))
  },
)

t.test('API, read: "There is no total and no has-more: paging ends at a short or an empty page"', async t => {
  const how = { paging: 'offset', readAheadBytes: 0 } as const
  const { received, requests } = await exported(t, {}, {}, new FakeClock(), how)
  t.equal(received.length, count)
  t.equal(requests, 4)
  t.equal((await exported(t, {})).received.length, count)
})

t.test(
  'API, survive: "A server that clamps max to 100 silently: advance by the number of leads received"',
  async t => {
    const list = Array.from({ length: 95 }, (_, index) => ({ guid: `${index}` }))
    const { origin } = await listen(t, (request, response) => {
      const offset = Number(new URL(request.url ?? '/', 'http://x').searchParams.get('offset') ?? 0)
      response.end(JSON.stringify(list.slice(offset, offset + 30)))
    })
    t.strictSame(await leads(openClient(t, origin), { paging: 'offset' }).toArray(), list)
  },
)

t.test('API, survive: "An error body that is an HTML page (a 401 was a Tomcat page), not JSON"', async t => {
  const { error, requests } = await exported(t, { errors: 'html' }, { accessToken: 'another-token' })
  t.match(error, { code: 'AUTH', retryable: false })
  t.notMatch(error?.message, /[<>]/)
  t.equal(requests, 1)
})

t.test(
  'API, survive: "JSON error bodies …; later ones add errors[] and category. 502, 503, 504 are transient: wait, then retry"',
  async t => {
    const body =
      '"{\\"status\\":\\"error\\",\\"message\\":\\"come back\\",\\"category\\":\\"X\\",\\"errors\\":[]}"'
    const faults = `#1:status=502,body=${body}; #2:status=503; #3:status=504,body=html`
    const { received, waits } = await exported(t, { faults })
    t.equal(received.length, count)
    t.strictSame(waits, [500, 1_000, 2_000])
    const { error } = await exported(t, { faults: `*:status=400,body=${body}` })
    t.match(error, { code: 'HTTP', message: /answered 400: come back$/ })
  },
)

t.test(
  'API, survive: "429: Retry-After is not always there. policyName: TEN_SECONDLY_ROLLING (wait about 10 s), SECONDLY (about 1 s), DAILY (stop)"',
  async t => {
    for (const [policy, wait] of [
      ['TEN_SECONDLY_ROLLING', 10_000],
      ['SECONDLY', 1_000],
    ] as const) {
      const { received, waits } = await exported(t, { faults: `page=2 x1:status=429,policy=${policy}` })
      t.equal(received.length, count)
      t.strictSame(new Set(waits), new Set([wait]), policy)
    }
    const { error, requests } = await exported(
      t,
      { faults: 'page=2:status=429,policy=DAILY' },
      { concurrency: 1 },
    )
    t.match(error, { code: 'DAILY_LIMIT', message: /daily limit/ })
    t.equal(requests, 2)
  },
)

t.test(
  'API, survive: "Headers seen: X-HubSpot-RateLimit-Daily-Remaining, …": a portal with its own limits',
  async t => {
    const clock = new FakeClock()
    const { received, waits } = await exported(
      t,
      { rateLimit: { secondly: 2 }, now: () => clock.time },
      {},
      clock,
    )
    t.equal(received.length, count)
    t.ok(waits.length > 0)
    const daily = await exported(t, { rateLimit: { daily: 2 } })
    t.equal(daily.error?.code, 'DAILY_LIMIT')
  },
)

t.test(
  'API, survive: "Whether startTime is exclusive or inclusive, and which pivot is the default, differ: always send timePivot with a time bound"',
  async t => {
    const { origin, targets } = await listen(t, (_request, response) => response.end('[]'))
    await leads(openClient(t, origin), { startTime: 5 }).toArray()
    t.match(targets[0], 'startTime=5&timePivot=insertedAt')
    for (const startTime of ['exclusive', 'inclusive'] as const) {
      const own = await createPortal({ leads: count, startTime })
      t.teardown(() => own.close())
      const bound = all[30]?.insertedAt as number
      const client = openClient(t, own.origin, { accessToken: own.accessToken })
      const query = { startTime: bound, includeDeleted: true }
      const after = all.filter(({ insertedAt = 0 }) => insertedAt > bound)
      t.strictSame(guidsOf(await leads(client, query).toArray()), guidsOf(after), startTime)
      const asServed =
        startTime === 'exclusive' ? after : all.filter(({ insertedAt = 0 }) => insertedAt >= bound)
      t.strictSame(
        guidsOf(await leads(client, { ...query, paging: 'offset' }).toArray()),
        guidsOf(asServed),
        startTime,
      )
    }
  },
)

t.test(
  'API, survive: "Sort order has no documented tie-break … Bulk imports put thousands of leads on one millisecond": the portal can reorder ties',
  async t => {
    const tied = Array.from({ length: 40 }, (_, index) => ({
      guid: `t${index}`,
      insertedAt: 1_300_000_000_000,
    }))
    const own = await createPortal({ leads: tied, faults: '#2-:reorder' })
    t.teardown(() => own.close())
    const url = `${own.origin}/leads/v1/list?sort=insertedAt&max=100&access_token=${own.accessToken}`
    const orders = [await (await fetch(url)).json(), await (await fetch(url)).json()] as [Lead[], Lead[]]
    t.strictSame(guidsOf(orders[0]), guidsOf(orders[1]))
    t.not(JSON.stringify(orders[0]), JSON.stringify(orders[1]))
  },
)

t.test('API, survive: a failure that lasts is an error after the retries', async t => {
  const error = await failureOf(
    exported(t, { faults: '*:status=503' }).then(({ error }) => Promise.reject(error)),
  )
  t.match(error, { code: 'HTTP', message: /after 6 attempts/ })
})
