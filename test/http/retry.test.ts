import { text as textOf } from 'node:stream/consumers'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { parseRetryAfter, retryDelay } from '../../lib/http/retry.ts'
import type { HubSpotClientOptions } from '../../lib/hubspot/options.ts'
import { FakeClock } from '../support/FakeClock.ts'
import { failureOf } from '../support/failureOf.ts'
import { listen } from '../support/listen.ts'
import { listenRaw } from '../support/listenRaw.ts'
import { openClient } from '../support/openClient.ts'

/** An answer of a server: a status with headers and a body, or a connection reset. */
type Scripted = { status: number; headers?: Record<string, string>; body?: string } | 'reset'

/** Sends a request to a server with these answers in sequence, the last one repeated. */
async function request(t: Test, answers: Scripted[], options: HubSpotClientOptions = {}, chance = 0) {
  let arrived = 0
  const { origin } = await listen(t, (request, response) => {
    const answer = answers[Math.min(arrived, answers.length - 1)] as Scripted
    arrived += 1
    if (answer === 'reset') request.socket.resetAndDestroy()
    else response.writeHead(answer.status, answer.headers).end(answer.body ?? '[]')
  })
  const clock = new FakeClock()
  clock.chance = chance
  const client = openClient(t, origin, options, clock)
  const counts = { requests: 0, retries: 0 }
  const outcome = await client
    .get('/x', '', {
      onRequest: () => {
        counts.requests += 1
      },
      onRetry: () => {
        counts.retries += 1
      },
    })
    .then(async ({ body, status }) => {
      await textOf(body)
      return status
    })
    .catch((error: unknown) => error)
  return { outcome, waits: clock.waits, arrived, counts }
}

const ok = { status: 200 }

t.test('retry: "502, 503, 504 are transient": 429, 5xx and connection resets are retried', async t => {
  for (const failure of [429, 500, 501, 502, 503, 504, 599]) {
    const { outcome, waits, counts } = await request(t, [{ status: failure }, ok])
    t.equal(outcome, 200, `${failure}`)
    // After a 429, the limiter waits as well as the request.
    t.strictSame(waits, failure === 429 ? [500, 500] : [500])
    t.strictSame(counts, { requests: 2, retries: 1 })
  }
  const { outcome, waits } = await request(t, ['reset', ok])
  t.equal(outcome, 200)
  t.strictSame(waits, [500])
})

t.test('retry: a connection that closes without an answer is retried', async t => {
  let arrived = 0
  const { origin } = await listenRaw(t, socket => {
    arrived += 1
    if (arrived === 1) socket.destroy()
    else socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]')
  })
  const { body } = await openClient(t, origin).get('/x', '')
  t.equal(await textOf(body), '[]')
  t.equal(arrived, 2)
})

t.test('retry: other statuses are not retried', async t => {
  for (const status of [301, 302, 304, 307, 400, 401, 403, 404, 408, 413, 422]) {
    const { outcome, waits, arrived } = await request(t, [{ status }, ok])
    t.match(outcome, { name: 'LeadpipeError', retryable: false, context: { status } }, `${status}`)
    t.strictSame([waits, arrived], [[], 1])
  }
})

t.test('retry: the delay doubles with each attempt', async t => {
  const { outcome, waits, counts } = await request(t, [{ status: 500 }])
  t.strictSame(waits, [500, 1_000, 2_000, 4_000, 8_000])
  t.match(outcome, { code: 'HTTP', retryable: true, context: { status: 500, attempts: 6 } })
  t.match((outcome as Error).message, /answered 500: \[\] \(after 6 attempts\)$/)
  t.strictSame(counts, { requests: 6, retries: 5 })
})

t.test('retry: jitter shortens a delay to no less than half', async t => {
  const { waits } = await request(t, [{ status: 500 }], {}, 1 - Number.EPSILON)
  t.strictSame(waits, [250, 500, 1_000, 2_000, 4_000])
})

t.test('retry: maxDelay limits every delay', async t => {
  const retry = { retries: 4, minDelay: 100, maxDelay: 250 }
  t.strictSame((await request(t, [{ status: 502 }], { retry })).waits, [100, 200, 250, 250])
})

t.test('retry: Retry-After sets the delay, up to maxDelay', async t => {
  // The server's clock is an hour ahead.
  const time = new FakeClock().time + 3_600_000
  const inTwentySeconds = new Date(time + 20_000).toUTCString()
  const answers = ['3', inTwentySeconds, '0', 'nonsense', '3600', '9'.repeat(400)].map(value => ({
    status: 503,
    headers: { Date: new Date(time).toUTCString(), 'Retry-After': value },
  }))
  const { outcome, waits } = await request(t, [...answers, ok], {
    retry: { maxDelay: 30_000, retries: 6 },
  })
  t.equal(outcome, 200)
  t.strictSame(waits, [3_000, 20_000, 0, 4_000, 30_000, 30_000])
})

t.test('retry: Retry-After of a 429 sets the delay, too', async t => {
  const { waits } = await request(t, [{ status: 429, headers: { 'retry-after': '9' } }, ok])
  t.strictSame(waits, [9_000, 9_000])
})

t.test('retry: retries: 0 tries once, and the error does not mention attempts', async t => {
  const { outcome, waits } = await request(t, [{ status: 429, body: 'slow down' }], { retry: { retries: 0 } })
  t.match(outcome, { code: 'RATE_LIMIT', retryable: true })
  t.match((outcome as Error).message, /answered 429: slow down$/)
  t.strictSame(waits, [])
})

t.test('retry: retries: undefined is the default number, not an endless one', async t => {
  const { arrived } = await request(t, [{ status: 500 }], { retry: { retries: undefined } as object })
  t.equal(arrived, 6)
})

t.test('retry: an error that is not retryable ends the retries', async t => {
  const { outcome, arrived } = await request(t, [{ status: 503 }, { status: 401 }])
  t.match(outcome, { code: 'AUTH', retryable: false, context: { status: 401 } })
  t.equal(arrived, 2)
})

t.test('retry: a request that waits for its retry holds no slot', async t => {
  const { origin, targets } = await listen(t, (request, response) => {
    response.writeHead(request.url?.startsWith('/bad') ? 503 : 200).end('[]')
  })
  const clock = new FakeClock()
  clock.hold = true
  const client = openClient(t, origin, { concurrency: 1 }, clock)
  const controller = new AbortController()
  const waiting = new Promise<void>(resolve => {
    clock.onWait = resolve
  })
  const bad = failureOf(client.get('/bad', '', { signal: controller.signal }))
  await waiting
  t.equal(await textOf((await client.get('/good', '')).body), '[]')
  controller.abort('enough')
  t.equal(await bad, 'enough')
  t.equal(targets.length, 2)
})

t.test('retry: a retry starts before requests that are still in the queue', async t => {
  const { origin, targets } = await listen(t, (_request, response) => {
    response.writeHead(targets.length === 1 ? 503 : 200).end('[]')
  })
  const client = openClient(t, origin, { concurrency: 1 })
  const answers = await Promise.all(['/1', '/2', '/3', '/4'].map(path => client.get(path, '')))
  await Promise.all(answers.map(({ body }) => textOf(body)))
  const order = targets.map(target => target.split('?')[0])
  t.equal(order[0], '/1')
  t.ok(order.indexOf('/1', 1) <= 2, order.join())
  t.equal(order.length, 5)
})

const options = { minDelay: 500, maxDelay: 60_000 }
const least = () => 1 - Number.EPSILON
const most = () => 0

t.test('retryDelay doubles with each attempt, up to maxDelay', async t => {
  const waits = [1, 2, 3, 4, 5, 6, 7, 8, 9, 100].map(attempt => retryDelay(attempt, undefined, options, most))
  t.strictSame(waits, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000])
})

t.test('retryDelay: jitter takes off at most half', async t => {
  t.equal(
    retryDelay(1, undefined, options, () => 0.5),
    375,
  )
  t.equal(retryDelay(1, undefined, options, least), 250)
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 101 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      fc.nat(2 ** 31 - 1),
      fc.nat(2 ** 31 - 1),
      (attempt, chance, minDelay, maxDelay) => {
        const delay = retryDelay(attempt, undefined, { minDelay, maxDelay }, () => chance)
        const longest = Math.min(minDelay * 2 ** (attempt - 1), maxDelay)
        return Number.isInteger(delay) && delay <= longest && delay >= Math.floor(longest / 2)
      },
    ),
  )
})

t.test('retryDelay: Retry-After decides, without jitter, up to maxDelay', async t => {
  t.equal(retryDelay(1, 7_000, options, least), 7_000)
  t.equal(retryDelay(5, 0, options, most), 0)
  t.equal(retryDelay(1, 60_001, options, least), 60_000)
  t.equal(retryDelay(1, Number.POSITIVE_INFINITY, options, least), 60_000)
})

t.test('parseRetryAfter reads seconds or an HTTP date, and nothing else', async t => {
  const now = Date.UTC(2026, 9, 21, 7, 27, 0)
  const cases: [header: string | undefined, milliseconds: number | undefined][] = [
    ['0', 0],
    ['7', 7_000],
    [' 120 ', 120_000],
    ['Wed, 21 Oct 2026 07:28:00 GMT', 60_000],
    ['Wednesday, 21-Oct-26 07:28:00 GMT', 60_000],
    ['Wed Oct 21 07:28:00 2026', 60_000],
    ['Wed, 21 Oct 2026 07:26:59 GMT', 0],
    [undefined, undefined],
    ['', undefined],
    ['soon', undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['1e3', undefined],
    ['0x10', undefined],
    ['120, 60', undefined],
    ['60 seconds', undefined],
    ['2026-10-21', undefined],
    ['21 Oct 2026', undefined],
    ['Wed, 99 Oct 2026 07:28:00 GMT', undefined],
    ['Wednesday', undefined],
  ]
  for (const [header, milliseconds] of cases) t.equal(parseRetryAfter(header, now), milliseconds, `${header}`)
})

t.test('parseRetryAfter: a date without a time zone is GMT, whatever the local time zone', async t => {
  const zone = process.env.TZ
  t.after(() => {
    if (zone === undefined) delete process.env.TZ
    else process.env.TZ = zone
  })
  process.env.TZ = 'Asia/Kolkata'
  t.equal(parseRetryAfter('Wed Oct 21 07:28:00 2026', Date.UTC(2026, 9, 21, 7, 27, 0)), 60_000)
})
