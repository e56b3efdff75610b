import { deepStrictEqual } from 'node:assert'
import fc from 'fast-check'
import t from 'tap'
import type { PortalOptions, RateLimit } from '../../lib/portal/index.ts'
import { RollingWindow } from '../../lib/portal/limits/RollingWindow.ts'
import { getLeads, getList } from './helpers/getList.ts'
import { requestPath } from './helpers/requestPath.ts'
import { startPortal } from './helpers/startPortal.ts'

/** A portal with a clock that the test sets. */
async function limited(
  t: Parameters<typeof startPortal>[0],
  rateLimit: RateLimit,
  options: PortalOptions = {},
) {
  const clock = { now: Date.UTC(2012, 1, 29) }
  const portal = await startPortal(t, { leads: 5, rateLimit, now: () => clock.now, ...options })
  const statuses = async (count: number) => {
    const all: number[] = []
    for (let n = 0; n < count; n++) all.push((await getList(portal)).status)
    return all
  }
  return { clock, portal, statuses }
}

t.test(
  'portal rate limit: over the ten-second limit requests get 429 until the oldest one is ten seconds old',
  async t => {
    const { clock, statuses } = await limited(t, { tenSecondly: 2 })
    t.same(await statuses(1), [200])
    clock.now += 4_000
    t.same(await statuses(3), [200, 429, 429])
    clock.now += 5_999
    t.same(await statuses(1), [429])
    clock.now += 1
    t.same(await statuses(2), [200, 429], 'only the first request has left the rolling window')
  },
)

t.test('portal rate limit: “bodies carry policyName: TEN_SECONDLY_ROLLING, SECONDLY, DAILY”', async t => {
  for (const [rateLimit, policyName] of [
    [{ tenSecondly: 0 }, 'TEN_SECONDLY_ROLLING'],
    [{ secondly: 0 }, 'SECONDLY'],
    [{ daily: 0 }, 'DAILY'],
    [{ tenSecondly: 0, secondly: 0, daily: 0 }, 'DAILY'],
    [{ tenSecondly: 0, secondly: 0, daily: 5 }, 'TEN_SECONDLY_ROLLING'],
  ] as const) {
    const { portal } = await limited(t, rateLimit)
    const { status, body } = await getList(portal)
    t.equal(status, 429)
    const error = JSON.parse(body.toString())
    t.same(Object.keys(error), [
      'status',
      'message',
      'errorType',
      'policyName',
      'groupName',
      'correlationId',
      'requestId',
    ])
    t.match(error, {
      status: 'error',
      message: `You have reached your ${policyName.toLowerCase()} limit.`,
      errorType: 'RATE_LIMIT',
      policyName,
      correlationId: /^[\da-f-]{36}$/,
      requestId: /^[\da-f-]{36}$/,
    })
  }
})

t.test(
  'portal rate limit: “headers seen: X-HubSpot-RateLimit-Daily, …”: each limit has its headers, on every answer',
  async t => {
    const { portal } = await limited(t, { daily: 100, secondly: 3, tenSecondly: 20 })
    const headersOf = async (query: string) => {
      const { status, rawHeaders } = await getList(portal, query)
      const pairs = rawHeaders.flatMap((name, place) =>
        name.startsWith('X-HubSpot-RateLimit') && place % 2 === 0
          ? [[name.slice(20), rawHeaders[place + 1]]]
          : [],
      )
      return [status, Object.fromEntries(pairs)]
    }
    const headers = (left: [daily: string, secondly: string, tenSecondly: string]) => ({
      Daily: '100',
      'Daily-Remaining': left[0],
      Secondly: '3',
      'Secondly-Remaining': left[1],
      Max: '20',
      Remaining: left[2],
      'Interval-Milliseconds': '10000',
    })
    t.same(await headersOf(''), [200, headers(['99', '2', '19'])])
    t.same(await headersOf('max=ten'), [400, headers(['98', '1', '18'])])
    t.same(await headersOf(''), [200, headers(['97', '0', '17'])])
    t.same(await headersOf(''), [429, headers(['97', '0', '17'])])
    const unlimited = await limited(t, { daily: 5 })
    const { rawHeaders } = await getList(unlimited.portal)
    t.same(
      rawHeaders.filter(name => name.startsWith('X-')),
      ['X-HubSpot-RateLimit-Daily', 'X-HubSpot-RateLimit-Daily-Remaining'],
    )
  },
)

t.test(
  'portal rate limit: “Retry-After is not always there”: seconds, a date or none, rounded up',
  async t => {
    for (const [retryAfter, header] of [
      [undefined, '10'],
      ['seconds', '10'],
      ['date', 'Wed, 29 Feb 2012 00:00:11 GMT'],
      ['none', undefined],
    ] as const) {
      const { clock, portal, statuses } = await limited(t, { tenSecondly: 1, retryAfter })
      clock.now += 1
      await statuses(1)
      clock.now += 500
      t.equal((await getList(portal)).headers['retry-after'], header)
    }
  },
)

t.test('portal rate limit: requests without the token and refused requests do not count', async t => {
  const { clock, portal, statuses } = await limited(t, { secondly: 2, daily: 4 })
  for (const path of ['/leads/v1/list', '/nowhere']) {
    const { headers } = await requestPath(portal, path)
    t.equal(headers['x-hubspot-ratelimit-daily'], undefined)
  }
  t.same(await statuses(4), [200, 200, 429, 429])
  clock.now += 1_000
  t.same(await statuses(3), [200, 200, 429])
  clock.now += 1_000
  t.same(await statuses(1), [429], 'the daily limit is used up')
  clock.now += 86_400_000
  t.same(await statuses(1), [200])
})

t.test('portal rate limit: an HTML 429 has no policy, but all headers', async t => {
  const { portal } = await limited(t, { secondly: 0 }, { errors: 'html' })
  const { status, headers, body } = await getList(portal)
  t.equal(status, 429)
  t.match(headers, { 'retry-after': '1', 'x-hubspot-ratelimit-secondly': '0' })
  t.match(body.toString(), /^<html>/)
})

t.test('portal rate limit: without limits no request is refused', async t => {
  const { portal } = await limited(t, {})
  for (let n = 0; n < 30; n++) await getLeads(portal)
  t.equal(portal.requests.filter(({ status }) => status === 200).length, 30)
})

t.test(
  'RollingWindow: any requests stay within the limit in every window, and no wait is too long',
  async () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 5 }),
        fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 200 }),
        (limit, steps) => {
          const window = new RollingWindow(limit, 10)
          const passed: number[] = []
          let now = 0
          for (const step of steps) {
            now += step
            const inWindow = passed.filter(time => time > now - 10)
            deepStrictEqual(window.remaining(now), limit - inWindow.length)
            const wait = inWindow.length < limit ? 0 : (inWindow[0] ?? now) + 10 - now
            deepStrictEqual(window.wait(now), wait)
            if (wait > 0) continue
            window.add(now)
            passed.push(now)
          }
        },
      ),
      { seed: 3 },
    )
  },
)
