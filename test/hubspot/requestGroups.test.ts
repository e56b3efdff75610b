import { text as textOf } from 'node:stream/consumers'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import type { Clock } from '../../lib/http/Clock.ts'
import { apiVersions, crmPaths, requestGroupOf } from '../../lib/hubspot/apiPaths.ts'
import { type HubSpotClient, reading } from '../../lib/hubspot/HubSpotClient.ts'
import { PortalLimits } from '../../lib/hubspot/PortalLimits.ts'
import { FakeClock } from '../support/FakeClock.ts'
import { failureOf } from '../support/failureOf.ts'
import { listen } from '../support/listen.ts'
import { openClient } from '../support/openClient.ts'
import { turns } from '../support/turns.ts'

t.test('crmPaths: a dated version stands after the name of the API, v3 before it', async t => {
  const dated = crmPaths('2026-09')
  t.equal(dated.objects('contacts'), '/crm/objects/2026-09/contacts')
  t.equal(dated.search('0-1'), '/crm/objects/2026-09/0-1/search')
  t.equal(dated.batchRead('2-123'), '/crm/objects/2026-09/2-123/batch/read')
  t.equal(dated.properties('deals'), '/crm/properties/2026-09/deals')
  t.equal(
    dated.associations('contacts', 'companies'),
    '/crm/associations/2026-09/contacts/companies/batch/read',
  )
  t.equal(crmPaths('2026-03').objects('contacts'), '/crm/objects/2026-03/contacts')
  const v3 = crmPaths('v3')
  t.equal(v3.objects('contacts'), '/crm/v3/objects/contacts')
  t.equal(v3.search('contacts'), '/crm/v3/objects/contacts/search')
  t.equal(v3.batchRead('contacts'), '/crm/v3/objects/contacts/batch/read')
  t.equal(v3.properties('contacts'), '/crm/v3/properties/contacts')
  t.equal(v3.associations('contacts', 'deals'), '/crm/v4/associations/contacts/deals/batch/read')
  t.equal(v3.objects('a/b c'), '/crm/v3/objects/a%2Fb%20c')
})

t.test('apiVersion: a client has the paths of its version, by default the newest', async t => {
  const origin = 'http://127.0.0.1:1'
  t.equal(openClient(t, origin)[reading].paths.objects('deals'), '/crm/objects/2026-09/deals')
  t.equal(
    openClient(t, origin, { apiVersion: 'v3' })[reading].paths.objects('deals'),
    '/crm/v3/objects/deals',
  )
})

t.test('requestGroupOf: searches and associations are counted apart, in each version', async t => {
  for (const version of apiVersions) {
    const paths = crmPaths(version)
    t.equal(requestGroupOf(paths.search('contacts')), 'search')
    t.equal(requestGroupOf(paths.associations('contacts', 'deals')), 'associations')
    for (const main of ['objects', 'batchRead', 'properties'] as const) {
      t.equal(requestGroupOf(paths[main]('contacts')), 'main')
      t.equal(requestGroupOf(paths[main]('search')), 'main')
    }
  }
  t.equal(requestGroupOf('/crm/v4/objects/contacts/7/associations/companies'), 'associations')
  for (const path of ['/leads/v1/list', '/crm/v3/lists/search', '/crm/v3/objects/search', '/search']) {
    t.equal(requestGroupOf(path), 'main', path)
  }
})

/** The requests that a server with a rolling window refuses, if they take these milliseconds there and back. */
function refused(
  group: 'search' | 'associations',
  { requests, interval }: { requests: number; interval: number },
  ways: readonly (readonly [there: number, back: number])[],
): { refused: number; finished: number } {
  const limits = new PortalLimits(1)
  const events: { at: number; happen: () => void }[] = []
  const put = (at: number, happen: () => void) => {
    const index = events.findLastIndex(event => event.at <= at)
    events.splice(index + 1, 0, { at, happen })
  }
  let [sent, inFlight, count, now] = [0, 0, 0, 0]
  let window: number[] = []
  const startAll = () => {
    while (sent < ways.length && inFlight < 10 && limits.wait(now, group) === 0) {
      const [there, back] = ways[sent] as (typeof ways)[number]
      const request = limits.start(now, group)
      sent += 1
      inFlight += 1
      put(now + there, () => {
        window = [...window.filter(at => at > now - interval), now]
        if (window.length > requests) count += 1
        put(now + back, () => {
          inFlight -= 1
          limits.end(request, now, { status: 200, headers: {} })
          startAll()
        })
      })
    }
    const wait = limits.wait(now, group)
    if (sent < ways.length && inFlight < 10 && wait < Infinity) put(now + wait, startAll)
  }
  startAll()
  for (let event = events.shift(); event !== undefined; event = events.shift()) {
    now = event.at
    event.happen()
  }
  return { refused: count, finished: sent === ways.length ? now : Infinity }
}

t.test(
  'PortalLimits: a limit that no header reports is not exceeded while the way there varies by a tenth of it',
  async t => {
    for (const [group, limit] of [
      ['search', { requests: 5, interval: 1_000 }],
      ['associations', { requests: 100, interval: 10_000 }],
    ] as const) {
      const way = fc.tuple(fc.nat({ max: limit.interval / 10 }), fc.nat({ max: 900 }))
      const ways = fc.array(way, { minLength: 1, maxLength: 60 })
      fc.assert(
        fc.property(ways, fc.nat({ max: 900 }), (ways, least) => {
          const all = ways.map(([more, back]) => [least + more, back] as const)
          const { refused: count, finished } = refused(group, limit, all)
          const longest = Math.max(...all.map(([there, back]) => there + back))
          const rounds = Math.ceil(all.length / Math.min(5, limit.requests))
          return count === 0 && finished <= rounds * (limit.interval * 1.1 + longest)
        }),
        { numRuns: 300 },
      )
    }
    const many = (way: number) => Array.from({ length: 120 }, () => [way, way] as const)
    const search = { requests: 5, interval: 1_000 }
    t.strictSame(refused('search', search, many(1)), { refused: 0, finished: 25_302 })
    t.strictSame(refused('search', search, many(150)), { refused: 0, finished: 25_600 })
    t.strictSame(refused('associations', { requests: 100, interval: 10_000 }, many(1)), {
      refused: 0,
      finished: 11_004,
    })
  },
)

t.test('PortalLimits: the groups have windows of their own, and share the day', async t => {
  const limits = new PortalLimits(1)
  const headers = { 'x-hubspot-ratelimit-remaining': '0' }
  limits.end(limits.start(0, 'main'), 0, { status: 200, headers })
  t.strictSame(
    (['main', 'search', 'associations'] as const).map(group => limits.wait(0, group)),
    [10_000, 0, 0],
  )
  const daily = { 'x-hubspot-ratelimit-daily': '10', 'x-hubspot-ratelimit-daily-remaining': '0' }
  limits.end(limits.start(0, 'search'), 0, { status: 200, headers: daily })
  for (const group of ['main', 'search', 'associations'] as const) {
    t.throws(() => limits.start(0, group), { code: 'DAILY_LIMIT' })
  }
})

/** A clock whose waits end when the test ends them. */
class HeldClock extends FakeClock {
  readonly #ends: (() => void)[] = []

  override wait: Clock['wait'] = (milliseconds, signal) => {
    this.waits.push(milliseconds)
    return new Promise((resolve, reject) => {
      this.#ends.push(resolve)
      signal?.addEventListener('abort', () => reject(signal.reason))
    })
  }

  endAll(): void {
    for (const end of this.#ends.splice(0)) end()
  }
}

const paths = {
  main: '/crm/objects/2026-09/contacts',
  search: '/crm/objects/2026-09/contacts/search',
  associations: '/crm/associations/2026-09/contacts/deals/batch/read',
}
type Group = keyof typeof paths

const send = async (client: HubSpotClient, group: Group) => textOf((await client.post(paths[group], {})).body)

/** Which groups still send requests after a request of one group got this 429. */
async function openAfter(t: Test, limited: Group, body: string, headers: Record<string, string> = {}) {
  const { origin, targets } = await listen(t, (_request, response) => {
    if (targets.length === 1) response.writeHead(429, headers).end(body)
    else response.end('{}')
  })
  const clock = new HeldClock()
  const client = openClient(t, origin, { concurrency: 10 }, clock)
  const answers = [send(client, limited)]
  while (clock.waits.length < 2) await turns(1)
  for (const group of ['main', 'search', 'associations'] as const) answers.push(send(client, group))
  let seen = -1
  while (seen !== targets.length) {
    seen = targets.length
    await turns(100)
  }
  const open = (Object.keys(paths) as Group[]).filter(group => targets.slice(1).includes(paths[group]))
  clock.endAll()
  await Promise.all(answers)
  return { open, waits: clock.waits.slice(0, 2) }
}

t.test('429: it holds back the group that it is about, by policyName, groupName or its words', async t => {
  const message = (text: string) => JSON.stringify({ status: 'error', message: text })
  const named = (names: object) => JSON.stringify({ status: 'error', message: 'Slow down', ...names })
  const cases: [limited: Group, body: string, open: Group[], wait: number][] = [
    ['search', named({ policyName: 'SECONDLY' }), ['main', 'associations'], 1_000],
    ['search', message('You have reached your secondly limit.'), ['main', 'associations'], 1_000],
    ['search', named({ groupName: 'publicapi:search-secondly:7' }), ['main', 'associations'], 1_000],
    ['main', named({ policyName: 'TEN_SECONDLY_ROLLING' }), ['search', 'associations'], 10_000],
    [
      'main',
      message('You have reached your ten_secondly_rolling limit.'),
      ['search', 'associations'],
      10_000,
    ],
    ['main', named({ policyName: 'SECONDLY', groupName: 'ten_secondly' }), ['search', 'associations'], 1_000],
    ['associations', named({ policyName: 'TEN_SECONDLY' }), ['main', 'search'], 10_000],
    ['search', named({ policyName: 'TEN_SECONDLY_ROLLING' }), ['associations'], 10_000],
    ['main', named({}), [], 500],
    ['search', 'error code: 1015', [], 500],
  ]
  for (const [limited, body, open, wait] of cases) {
    t.strictSame(await openAfter(t, limited, body), { open, waits: [wait, wait] }, `${limited}: ${body}`)
  }
})

t.test('429: the words "daily limit" mean the day', async t => {
  const { origin } = await listen(t, (_request, response) => {
    response.writeHead(429).end('{"status":"error","message":"You have reached your daily limit."}')
  })
  const error = await failureOf(send(openClient(t, origin), 'main'))
  t.match(error, { code: 'DAILY_LIMIT', retryable: false, context: { policy: 'DAILY' } })
})

t.test('concurrency: it limits the requests of each group; all groups share the connections', async t => {
  let [inFlight, most] = [0, 0]
  const waiting: (() => void)[] = []
  const { origin, targets, connections } = await listen(t, (_request, response) => {
    inFlight += 1
    most = Math.max(most, inFlight)
    waiting.push(() => {
      inFlight -= 1
      response.end('{}')
    })
  })
  const client = openClient(t, origin, { concurrency: 2 })
  const started = { main: 0, search: 0, associations: 0 }
  const answers = (Object.keys(paths) as Group[]).flatMap(group =>
    Array.from({ length: 3 }, async () => {
      const onRequest = () => {
        started[group] += 1
      }
      return textOf((await client.post(paths[group], {}, { onRequest })).body)
    }),
  )
  while (targets.length < 2) await turns(1)
  await turns(50)
  t.strictSame(started, { main: 2, search: 2, associations: 2 })
  t.strictSame([targets.length, await connections()], [2, 2])
  while (targets.length < 9 || inFlight > 0) {
    waiting.shift()?.()
    await turns(1)
  }
  await Promise.all(answers)
  t.strictSame([started, most], [{ main: 3, search: 3, associations: 3 }, 2])
})

t.test('rateLimit: a group that waits for a limit holds back no other', async t => {
  const { origin, targets } = await listen(t, (_request, response) => response.end('{}'))
  const clock = new HeldClock()
  const client = openClient(t, origin, {}, clock)
  const searches = Array.from({ length: 8 }, () => send(client, 'search'))
  await Promise.all(searches.slice(0, 5))
  await Promise.all(Array.from({ length: 8 }, () => send(client, 'main')))
  t.strictSame(targets.filter(target => target === paths.search).length, 5)
  clock.time += 1_100
  clock.endAll()
  await Promise.all(searches)
  t.strictSame(clock.waits, [1_100])
})

t.test('dailyShare: a request in flight counts for the groups that wait, whatever its group is', async t => {
  const remaining = ['1', '1', '0']
  let answer = () => {}
  const { origin, targets } = await listen(t, (_request, response) => {
    answer = () => {
      const left = remaining.shift() as string
      response
        .writeHead(200, {
          'X-HubSpot-RateLimit-Daily': '10',
          'X-HubSpot-RateLimit-Daily-Remaining': left,
        })
        .end('{}')
    }
    if (remaining.length === 3) answer()
  })
  const client = openClient(t, origin)
  await send(client, 'main')
  const all = [send(client, 'search'), send(client, 'main'), failureOf(send(client, 'associations'))]
  for (const count of [2, 3]) {
    while (targets.length < count) await turns(1)
    await turns(50)
    t.equal(targets.length, count)
    answer()
  }
  t.match(await Promise.all(all), ['{}', '{}', { code: 'DAILY_LIMIT' }])
  t.equal(targets.length, 3)
})

t.test('rateLimit: it counts the requests of each group', async t => {
  const { origin } = await listen(t, (_request, response) => response.end('{}'))
  const clock = new FakeClock()
  const client = openClient(t, origin, { rateLimit: { requests: 1, interval: 700 } }, clock)
  for (const group of ['main', 'search', 'associations', 'main', 'search'] as const) await send(client, group)
  t.strictSame(clock.waits, [700])
})
