import { gzipSync } from 'node:zlib'
import t from 'tap'
import { LeadpipeError } from '../../lib/errors.ts'
import type { Lead } from '../../lib/lead/Lead.ts'
import { FakeClock } from '../support/FakeClock.ts'
import { failureOf } from '../support/failureOf.ts'
import { leadsByOffset } from '../support/leadsByOffset.ts'
import { listen } from '../support/listen.ts'
import { openClient } from '../support/openClient.ts'

const list = Array.from({ length: 7 }, (_, index) => ({ guid: `lead-${index}`, firstName: 'é"\\{' }))
const offsetOf = (url = '') => Number(new URL(url, 'http://x').searchParams.get('offset') ?? 0)
const guidsOf = (received: Lead[]) => received.map(({ guid }) => guid)
const expected = list.map(({ guid }) => guid)

for (const decode of ['express', 'stream-json'] as const) {
  for (const framing of ['length', 'chunked', 'gzip'] as const) {
    t.test(
      `retries: ${decode}, ${framing}: a body cut at any byte is continued after its last complete lead`,
      async t => {
        let cut = 0
        let whole = false
        const { origin } = await listen(t, (request, response) => {
          const page = Buffer.from(JSON.stringify(list.slice(offsetOf(request.url))))
          const body = framing === 'gzip' ? gzipSync(page) : page
          if (framing === 'gzip') response.setHeader('Content-Encoding', 'gzip')
          if (whole) {
            response.end(body)
            return
          }
          whole = true
          if (framing === 'length') response.setHeader('Content-Length', body.length)
          response.write(body.subarray(0, cut), () => request.socket.destroy())
          if (cut === 0) request.socket.destroy()
        })
        const length = Buffer.byteLength(JSON.stringify(list))
        for (cut = 0; cut < length; cut += framing === 'gzip' ? 9 : 5) {
          whole = false
          const received: Lead[] = []
          for await (const lead of leadsByOffset(openClient(t, origin), { decode })) received.push(lead)
          t.strictSame(guidsOf(received), expected, `${cut} bytes`)
        }
      },
    )
  }
}

t.test('retries: a body that breaks off repeatedly without a lead fails after the retries', async t => {
  let requests = 0
  const { origin } = await listen(t, (_request, response) => {
    requests += 1
    response.end('[{"guid":')
  })
  const clock = new FakeClock()
  const error = await failureOf(
    leadsByOffset(openClient(t, origin, { retry: { retries: 3 } }, clock)).toArray(),
  )
  t.match(error, { code: 'DECODE', message: /after 4 attempts/ })
  t.equal(requests, 4)
  t.strictSame(clock.waits, [500, 1_000, 2_000])
})

t.test('retries: as long as leads arrive, a body may break off any number of times', async t => {
  const { origin, targets } = await listen(t, (request, response) => {
    const [lead] = list.slice(offsetOf(request.url))
    response.end(lead === undefined ? '[]' : `[${JSON.stringify(lead)},{"gu`)
  })
  const received = await leadsByOffset(openClient(t, origin, { retry: { retries: 1 } })).toArray()
  t.strictSame(guidsOf(received), expected)
  t.equal(targets.length, list.length + 1)
})

t.test('retries: the limit counts the leads of all parts of a page', async t => {
  const { origin, targets } = await listen(t, (request, response) => {
    const offset = offsetOf(request.url)
    response.end(
      offset === 0
        ? `[${JSON.stringify(list[0])},${JSON.stringify(list[1])},`
        : JSON.stringify(list.slice(offset)),
    )
  })
  const received = await leadsByOffset(openClient(t, origin), { limit: 3 }).toArray()
  t.strictSame(guidsOf(received), expected.slice(0, 3))
  t.match(targets[1], /max=1&offset=2$/)
})

t.test('timeouts.page ends a page that stalls, and its missing leads are requested again', async t => {
  let stalled = false
  const { origin } = await listen(t, (request, response) => {
    if (stalled) {
      response.end(JSON.stringify(list.slice(offsetOf(request.url))))
      return
    }
    stalled = true
    response.write(`[${JSON.stringify(list[0])},`)
  })
  const client = openClient(t, origin, { timeouts: { page: 50 } })
  t.strictSame(guidsOf(await leadsByOffset(client).toArray()), expected)
  stalled = false
  const once = openClient(t, origin, { timeouts: { page: 50 }, retry: { retries: 0 } })
  t.match(await failureOf(leadsByOffset(once).toArray()), { code: 'TIMEOUT', message: /timeouts\.page/ })
})

t.test('"429: policyName DAILY": the daily limit ends the source at once, by body or by header', async t => {
  const answers: [body: string, headers: Record<string, string>][] = [
    ['{"status":"error","policyName":"DAILY","message":"daily"}', {}],
    ['<html>too many</html>', { 'X-HubSpot-RateLimit-Daily-Remaining': '0' }],
  ]
  for (const [body, headers] of answers) {
    const { origin, targets } = await listen(t, (_request, response) => {
      response.writeHead(429, headers).end(body)
    })
    t.match(await failureOf(leadsByOffset(openClient(t, origin)).toArray()), {
      code: 'DAILY_LIMIT',
      retryable: false,
    })
    t.equal(targets.length, 1)
  }
})

t.test(
  '"TEN_SECONDLY_ROLLING (wait about 10 s), SECONDLY (about 1 s)" set the wait without Retry-After',
  async t => {
    for (const [policyName, wait] of [
      ['TEN_SECONDLY_ROLLING', 10_000],
      ['SECONDLY', 1_000],
    ]) {
      let requests = 0
      const { origin } = await listen(t, (_request, response) => {
        requests += 1
        if (requests === 1) response.writeHead(429).end(JSON.stringify({ policyName }))
        else response.end('[]')
      })
      const clock = new FakeClock()
      await leadsByOffset(openClient(t, origin, {}, clock)).toArray()
      t.strictSame(clock.waits, [wait, wait], 'the waits of the request and of the limiter')
    }
  },
)

t.test('429: every request of the client waits, not only the one that got it', async t => {
  let limited = true
  const { origin, targets } = await listen(t, (_request, response) => {
    if (limited) response.writeHead(429).end()
    else response.end('[]')
  })
  const clock = new FakeClock()
  clock.hold = true
  const waiting = new Promise<void>(resolve => {
    clock.onWait = resolve
  })
  const client = openClient(t, origin, { concurrency: 1 }, clock)
  const abort = new AbortController()
  const first = failureOf(leadsByOffset(client, { signal: abort.signal }).toArray())
  await waiting
  limited = false
  const second = failureOf(leadsByOffset(client).toArray())
  for (let turn = 0; turn < 50; turn += 1) await new Promise(resolve => setImmediate(resolve))
  t.equal(targets.length, 1, 'the second request waits in the queue')
  await client.close()
  abort.abort()
  t.ok((await first) instanceof Error)
  t.ok((await second) instanceof LeadpipeError)
})

t.test(
  'the retry budget ends a source whose single requests would all succeed within their retries',
  async t => {
    let requests = 0
    const { origin } = await listen(t, (request, response) => {
      requests += 1
      if (requests % 5 !== 0) response.writeHead(500).end()
      else response.end(JSON.stringify([{ guid: `lead-${offsetOf(request.url)}` }]))
    })
    const error = await failureOf(leadsByOffset(openClient(t, origin)).toArray())
    t.match(error, { code: 'HTTP', message: /the retry budget is used up: 100 retries in \d+ requests/ })
  },
)

t.test('an idle connection that the server closes during a slow read loses no lead', async t => {
  const large = Array.from({ length: 200 }, (_, index) => ({
    guid: `l${index}`,
    message: 'x'.repeat(100_000),
  }))
  let closed = () => {}
  const idle = new Promise<void>(resolve => {
    closed = resolve
  })
  const { origin, targets } = await listen(t, (request, response) => {
    const offset = offsetOf(request.url)
    response.end(JSON.stringify(large.slice(offset, offset + 100)))
    if (targets.length > 1) return
    // Like a server whose client does not read; here after 100 ms.
    request.socket.setTimeout(100, () => request.socket.destroy())
    request.socket.once('close', () => closed())
  })
  const received: string[] = []
  for await (const { guid } of leadsByOffset(openClient(t, origin), { highWaterMark: 1 })) {
    if (received.length === 0) await idle
    received.push(guid)
  }
  t.strictSame(
    received,
    large.map(({ guid }) => guid),
  )
})
