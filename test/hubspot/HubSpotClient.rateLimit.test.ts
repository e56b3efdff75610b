import { text as textOf } from 'node:stream/consumers'
import t from 'tap'
import type { Clock } from '../../lib/http/Clock.ts'
import type { HubSpotClient } from '../../lib/hubspot/HubSpotClient.ts'
import { leads } from '../../lib/sources/leads.ts'
import { FakeClock } from '../support/FakeClock.ts'
import { failureOf } from '../support/failureOf.ts'
import { listen } from '../support/listen.ts'
import { openClient } from '../support/openClient.ts'
import { turns } from '../support/turns.ts'

/** A clock whose waits end when the test ends them. */
class HeldClock implements Clock {
  /** The pending waits, in the order in which they began. */
  readonly open: { milliseconds: number; end: () => void }[] = []
  now = () => 0
  monotonic = () => 0
  random = () => 0

  wait = (milliseconds: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const wait = {
        milliseconds,
        end: () => {
          this.#remove(wait)
          resolve()
        },
      }
      signal?.addEventListener('abort', () => {
        this.#remove(wait)
        reject(signal.reason)
      })
      this.open.push(wait)
    })

  #remove(wait: (typeof this.open)[number]): void {
    this.open.splice(this.open.indexOf(wait), 1)
  }

  /** Ends the waits of this length. */
  async pass(milliseconds: number): Promise<void> {
    for (const wait of [...this.open]) if (wait.milliseconds === milliseconds) wait.end()
    await turns(5)
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turns(1)
}

const read = async (client: HubSpotClient, path: string) => textOf((await client.get(path, '')).body)
const paths = (targets: string[]) => targets.map(target => target.split('?')[0])

t.test('429: every request of the client waits until the pause is over', async t => {
  const { origin, targets } = await listen(t, (_request, response) => {
    response.writeHead(targets.length === 1 ? 429 : 200).end('[]')
  })
  const clock = new HeldClock()
  const client = openClient(t, origin, { concurrency: 4 }, clock)
  const limited = read(client, '/limited')
  await until(() => clock.open.length === 2)
  const others = ['/a', '/b', '/c'].map(path => read(client, path))
  await turns(50)
  t.strictSame(paths(targets), ['/limited'])
  await clock.pass(500)
  t.strictSame(await Promise.all([limited, ...others]), ['[]', '[]', '[]', '[]'])
  t.strictSame(paths(targets).sort(), ['/a', '/b', '/c', '/limited', '/limited'])
})

t.test('429: of several, the longest pause applies', async t => {
  const { origin, targets } = await listen(t, (request, response) => {
    const seconds = request.url?.match(/^\/after-(\d)/)?.[1]
    if (seconds === undefined || targets.length > 2) response.end('[]')
    else response.writeHead(429, { 'Retry-After': seconds }).end()
  })
  const clock = new HeldClock()
  const client = openClient(t, origin, { concurrency: 4 }, clock)
  const limited = [read(client, '/after-1'), read(client, '/after-5')]
  await until(() => clock.open.length === 4)
  const other = read(client, '/other')
  await clock.pass(1_000)
  await turns(50)
  t.equal(targets.length, 2)
  await clock.pass(5_000)
  await Promise.all([...limited, other])
  t.equal(targets.length, 5)
})

t.test('429: without a retry, the others wait for its Retry-After', async t => {
  const { origin, targets } = await listen(t, (request, response) => {
    if (request.url?.startsWith('/limited')) response.writeHead(429, { 'Retry-After': '5' }).end()
    else response.end('[]')
  })
  const clock = new HeldClock()
  const client = openClient(t, origin, { retry: { retries: 0, maxDelay: 3_000 } }, clock)
  const unread = await client.get('/unread', '')
  t.match(await failureOf(client.get('/limited', '')), { code: 'RATE_LIMIT' })
  const other = read(client, '/other')
  await turns(50)
  t.strictSame(paths(targets), ['/unread', '/limited'])
  await clock.pass(3_000)
  t.equal(await other, '[]')
  t.equal(await textOf(unread.body), '[]')
})

t.test('503: only the request that got it waits', async t => {
  const { origin } = await listen(t, (request, response) => {
    response.writeHead(request.url?.startsWith('/bad') ? 503 : 200, { 'Retry-After': '5' }).end('[]')
  })
  const clock = new HeldClock()
  const client = openClient(t, origin, {}, clock)
  const bad = failureOf(client.get('/bad', ''))
  await until(() => clock.open.length === 1)
  t.equal(await read(client, '/good'), '[]')
  await client.close()
  await bad
})

t.test('429: a pause ends with the last waiting request, and no timer is left', async t => {
  let limited = true
  const { origin } = await listen(t, (_request, response) => {
    response.writeHead(limited ? 429 : 200, { 'Retry-After': '60' }).end('[]')
  })
  const clock = new HeldClock()
  const client = openClient(t, origin, {}, clock)
  const controller = new AbortController()
  const first = failureOf(client.get('/first', '', { signal: controller.signal }))
  await until(() => clock.open.length === 2)
  const queued = failureOf(client.get('/queued', '', { signal: controller.signal }))
  await turns(5)
  controller.abort('enough')
  t.strictSame(await Promise.all([first, queued]), ['enough', 'enough'])
  t.equal(clock.open.length, 0)
  limited = false
  t.equal(await read(client, '/later'), '[]')
})

t.test('429: a request that is aborted in a pause rejects at once, and the pause continues', async t => {
  const { origin, targets } = await listen(t, (_request, response) => {
    response.writeHead(targets.length === 1 ? 429 : 200).end('[]')
  })
  const clock = new HeldClock()
  const client = openClient(t, origin, {}, clock)
  const limited = read(client, '/limited')
  await until(() => clock.open.length === 2)
  const controller = new AbortController()
  const queued = failureOf(client.get('/queued', '', { signal: controller.signal }))
  const other = read(client, '/other')
  await turns(5)
  controller.abort('enough')
  t.equal(await queued, 'enough')
  await turns(50)
  t.equal(targets.length, 1)
  await clock.pass(500)
  t.strictSame(await Promise.all([limited, other]), ['[]', '[]'])
  t.equal(targets.length, 3)
})

t.test('429: close() ends a pause and all requests that wait in it', async t => {
  const { origin, targets } = await listen(t, (_request, response) => response.writeHead(429).end())
  const clock = new HeldClock()
  const client = openClient(t, origin, {}, clock)
  const first = failureOf(client.get('/first', ''))
  await until(() => clock.open.length === 2)
  const queued = failureOf(client.get('/queued', ''))
  await turns(5)
  await client.close()
  for (const error of await Promise.all([first, queued])) {
    t.match(error, { code: 'NETWORK', message: 'the client was closed' })
  }
  t.equal(clock.open.length, 0)
  t.equal(targets.length, 1)
})

t.test('429: many at once cause no warning about too many listeners', async t => {
  const warnings: string[] = []
  const warned = (warning: Error) => void warnings.push(`${warning}`)
  process.on('warning', warned)
  t.after(() => process.off('warning', warned))
  const { origin, targets } = await listen(t, (_request, response) => {
    response.writeHead(targets.length <= 30 ? 429 : 200).end('[]')
  })
  const clock = new HeldClock()
  const client = openClient(t, origin, { concurrency: 30 }, clock)
  const all = Array.from({ length: 30 }, () => read(client, '/x'))
  await until(() => clock.open.length === 60)
  await clock.pass(500)
  await Promise.all(all)
  t.strictSame(warnings, [])
})

t.test('rateLimit: the waits of all groups end with the last waiting request', async t => {
  const { origin, targets } = await listen(t, (_request, response) => response.end('[]'))
  const clock = new HeldClock()
  const client = openClient(t, origin, { rateLimit: { requests: 1, interval: 700 } }, clock)
  const groups = ['/x', '/crm/v3/objects/deals/search', '/crm/v4/associations/a/b/batch/read']
  for (const path of groups) await read(client, path)
  const controller = new AbortController()
  const { signal } = controller
  const waiting = groups.map(path => failureOf(client.get(path, '', { signal })))
  await until(() => clock.open.length === 3)
  controller.abort('enough')
  t.strictSame(await Promise.all(waiting), ['enough', 'enough', 'enough'])
  t.strictSame([clock.open, targets.length], [[], 3])
})

/** The waits of a client after a 429 with these headers and this body, and the outcome. */
async function after429(
  t: Parameters<typeof listen>[0],
  headers: Record<string, string>,
  body: string,
  maxDelay = 60_000,
) {
  const { origin, targets } = await listen(t, (_request, response) => {
    if (targets.length === 1) response.writeHead(429, headers).end(body)
    else response.end('[]')
  })
  const clock = new FakeClock()
  const client = openClient(t, origin, { retry: { maxDelay } }, clock)
  const outcome = await read(client, '/x').catch((error: unknown) => error)
  return { outcome, waits: clock.waits, requests: targets.length, now: clock.time }
}

const policy = (policyName: unknown) =>
  JSON.stringify({ status: 'error', message: 'You have reached your limit.', policyName })

const longPolicy = (policyName: string, length: number) =>
  JSON.stringify({ status: 'error', errors: ['x'.repeat(length)], policyName })

t.test(
  '"429: Retry-After is not always there": the wait is that of the header, the policy or the back-off',
  async t => {
    const [sent, date] = [0, 7_000].map(later => new Date(new FakeClock().time + later).toUTCString()) as [
      string,
      string,
    ]
    const cases: [title: string, headers: Record<string, string>, body: string, wait: number][] = [
      ['seconds', { 'Retry-After': '3' }, '', 3_000],
      ['a date', { Date: sent, 'Retry-After': date }, '', 7_000],
      ['a date in the past', { 'Retry-After': 'Thu, 01 Jan 2015 00:00:00 GMT' }, '', 0],
      ['more than maxDelay', { 'Retry-After': '86400' }, '', 60_000],
      ['a malformed header', { 'Retry-After': 'soon' }, '', 500],
      ['the ten-secondly policy', {}, policy('TEN_SECONDLY_ROLLING'), 10_000],
      ['the secondly policy', {}, policy('SECONDLY'), 1_000],
      ['a header and a policy', { 'Retry-After': '3' }, policy('TEN_SECONDLY_ROLLING'), 3_000],
      ['a header of 0 and a policy', { 'Retry-After': '0' }, policy('SECONDLY'), 0],
      ['a malformed header and a policy', { 'Retry-After': 'soon' }, policy('SECONDLY'), 1_000],
      ['an unknown policy', {}, policy('MONTHLY'), 500],
      ['a policy that is not a string', {}, policy(7), 500],
      ['a policy named as a property of Object', {}, policy('constructor'), 500],
      ['a policy after a long text', {}, longPolicy('SECONDLY', 60_000), 1_000],
      ['a policy after too long a text', {}, longPolicy('SECONDLY', 66_000), 500],
      ['a body that is not JSON', {}, '<html>"policyName":"SECONDLY"</html>', 500],
      ['a body of null', {}, 'a body of null', 500],
    ]
    for (const [title, headers, body, wait] of cases) {
      const { outcome, waits } = await after429(t, headers, body)
      t.equal(outcome, '[]', title)
      t.strictSame(waits, [wait, wait], title)
    }
    t.strictSame((await after429(t, {}, policy('TEN_SECONDLY_ROLLING'), 2_000)).waits, [2_000, 2_000])
  },
)

t.test(
  '429: "DAILY (retrying is useless: stop with a clear error that names the daily limit)": DAILY_LIMIT, and no retry',
  async t => {
    const remaining = (left: string) => ({ 'X-HubSpot-RateLimit-Daily-Remaining': left })
    const html = '<html><h1>Too many</h1></html>'
    for (const [headers, body] of [
      [{}, policy('DAILY')],
      [{ 'Retry-After': '1' }, policy('DAILY')],
      [remaining('0'), ''],
      [remaining(' 0 '), html],
      [remaining('0'), '{"status":"error"}'],
    ] as [Record<string, string>, string][]) {
      const { outcome, waits, requests } = await after429(t, headers, body)
      t.match(outcome, { code: 'DAILY_LIMIT', retryable: false, context: { status: 429, policy: 'DAILY' } })
      t.match((outcome as Error).message, /^the portal's daily limit is used up: http.+ answered 429/)
      t.strictSame([waits, requests], [[], 1])
    }
    for (const left of ['1', '', '-1', 'none', '00x']) {
      t.equal((await after429(t, remaining(left), html)).outcome, '[]', `${left} remaining`)
    }
  },
)

t.test('429: the daily limit pauses no other request, and each gets its own DAILY_LIMIT', async t => {
  const { origin, targets } = await listen(t, (_request, response) => {
    response.writeHead(429).end(policy('DAILY'))
  })
  const client = openClient(t, origin)
  const errors = await Promise.all([1, 2, 3].map(() => failureOf(leads(client).toArray())))
  for (const error of errors) t.match(error, { code: 'DAILY_LIMIT' })
  t.equal(targets.length, 3)
})

t.test('"429 storms: retries without end": a portal that answers only 429 ends in RATE_LIMIT', async t => {
  const { origin, targets } = await listen(t, (_request, response) => response.writeHead(429).end())
  const error = await failureOf(leads(openClient(t, origin)).toArray())
  t.match(error, { code: 'RATE_LIMIT', retryable: true, context: { attempts: 6, status: 429 } })
  t.equal(targets.length, 6)
})
