import { text as textOf } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { LeadpipeError } from '../../lib/errors.ts'
import type { HubSpotClient } from '../../lib/hubspot/HubSpotClient.ts'
import { createPortal } from '../../lib/portal/index.ts'
import { leads } from '../../lib/sources/leads.ts'
import { FakeClock } from '../support/FakeClock.ts'
import { failureOf } from '../support/failureOf.ts'
import { listen } from '../support/listen.ts'
import { openClient } from '../support/openClient.ts'

/** A portal with this many requests a day, and clients with a share of them. */
async function limited(t: Test, daily: number) {
  const clock = new FakeClock()
  const portal = await createPortal({ leads: 200, rateLimit: { daily }, now: clock.now })
  t.after(() => portal.close())
  const open = (dailyShare: number) =>
    openClient(t, portal.origin, { accessToken: portal.accessToken, dailyShare }, clock)
  return { clock, portal, open }
}

const read = async (client: HubSpotClient) => textOf((await client.get('/leads/v1/list', 'max=1')).body)

const refusal = { code: 'DAILY_LIMIT', retryable: false }

/** Reads until a request is refused; returns the number of requests that were not. */
async function readAll(client: HubSpotClient): Promise<number> {
  for (let count = 0; ; count += 1) {
    try {
      await read(client)
    } catch (error) {
      if (error instanceof LeadpipeError && error.code === 'DAILY_LIMIT') return count
      throw error
    }
  }
}

t.test('dailyShare: half of the daily limit is used, and the rest is left to others', async t => {
  const { portal, open } = await limited(t, 100)
  const seen: unknown[] = []
  const error = await failureOf(async () => {
    for await (const lead of leads(open(0.5), { max: 1 })) seen.push(lead)
  })
  t.match(error, {
    ...refusal,
    message:
      "the daily limit is used up as far as dailyShare 0.5 allows: 50 of the portal's 100 requests remain",
    context: { dailyLimit: 100, dailyRemaining: 50, dailyShare: 0.5 },
  })
  t.equal(portal.requestCount, 50)
  t.ok(seen.length > 40, 'the leads received before are delivered')
})

t.test('dailyShare: without a share, the error does not mention it', async t => {
  const { open } = await limited(t, 2)
  const client = open(1)
  for (let n = 0; n < 2; n += 1) await read(client)
  t.match(await failureOf(read(client)), {
    ...refusal,
    message: "the portal's daily limit is used up: 0 of its 2 requests remain",
  })
})

t.test('dailyShare: concurrent requests do not exceed the share', async t => {
  const { portal, open } = await limited(t, 100)
  const client = open(0.5)
  const all = await Promise.allSettled(Array.from({ length: 80 }, () => read(client)))
  t.equal(all.filter(({ status }) => status === 'fulfilled').length, 50)
  for (const each of all) if (each.status === 'rejected') t.match(each.reason, refusal)
  t.equal(portal.requestCount, 50)
})

t.test(
  'dailyShare: requests of others count; the first request is sent, since nothing is known before it',
  async t => {
    const { open } = await limited(t, 100)
    t.equal(await readAll(open(0.3)), 30)
    t.equal(await readAll(open(0.5)), 20)
    t.equal(await readAll(open(0.5)), 1)
  },
)

t.test('dailyShare: a share that is not a whole number of requests is rounded down', async t => {
  for (const [daily, share, count] of [
    [10, 0.39, 3],
    [100, 0.07, 7],
    [100, 0.57, 57],
    [10, 0.01, 1],
  ] as const) {
    const { open } = await limited(t, daily)
    t.equal(await readAll(open(share)), count, `${share} of ${daily}`)
  }
})

t.test(
  'dailyShare: by default the whole limit is used, and no request is sent that would get a 429',
  async t => {
    const { portal, open } = await limited(t, 12)
    t.equal(await readAll(open(1)), 12)
    t.equal(portal.requestCount, 12)
  },
)

t.test(
  'dailyShare: ten minutes after the last answer, one request is sent to learn the state again',
  async t => {
    const { clock, portal, open } = await limited(t, 10)
    const client = open(0.5)
    t.equal(await readAll(client), 5)
    clock.time += 599_999
    t.equal(await readAll(client), 0)
    clock.time += 1
    const all = await Promise.allSettled([1, 2, 3].map(() => read(client)))
    t.strictSame(all.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected', 'rejected'])
    t.equal(portal.requestCount, 6)
    clock.time += 86_400_000
    t.equal(await readAll(client), 5, 'on the next day requests are allowed again')
    clock.skew = -86_400_000
    t.equal(await readAll(client), 0, 'a system date that is set back allows no requests')
    clock.time += 600_000
    await read(client)
    t.equal(portal.requestCount, 12, 'a system date that is set back does not block requests')
  },
)

t.test('dailyShare: a refused request is not sent, not counted, and not delayed', async t => {
  const { origin, targets } = await listen(t, (_request, response) => {
    response
      .writeHead(200, {
        'X-HubSpot-RateLimit-Daily': '100',
        'X-HubSpot-RateLimit-Daily-Remaining': '0',
        'X-HubSpot-RateLimit-Remaining': '0',
      })
      .end('[]')
  })
  const clock = new FakeClock()
  const client = openClient(t, origin, {}, clock)
  await read(client)
  let requests = 0
  const onRequest = () => {
    requests += 1
  }
  t.match(await failureOf(client.get('/x', '', { onRequest })), refusal)
  t.strictSame([requests, targets.length, clock.waits], [0, 1, []])
})

t.test('dailyShare: incomplete or malformed daily headers do not limit requests', async t => {
  for (const headers of [
    { 'X-HubSpot-RateLimit-Daily-Remaining': '0' },
    { 'X-HubSpot-RateLimit-Daily': '100' },
    { 'X-HubSpot-RateLimit-Daily': 'many', 'X-HubSpot-RateLimit-Daily-Remaining': '0' },
    { 'X-HubSpot-RateLimit-Daily': '100', 'X-HubSpot-RateLimit-Daily-Remaining': '-1' },
  ]) {
    const { origin } = await listen(t, (_request, response) => {
      response.writeHead(200, headers as Record<string, string>).end('[]')
    })
    const client = openClient(t, origin, { dailyShare: 0.1 })
    t.strictSame([await read(client), await read(client)], ['[]', '[]'])
  }
})
