import type { IncomingHttpHeaders } from 'node:http'
import { text as textOf } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { HubSpotClient } from '../../lib/hubspot/HubSpotClient.ts'
import type { HubSpotClientOptions } from '../../lib/hubspot/options.ts'
import { completeQuery, type PageQuery, serializeQuery } from '../../lib/lead/LeadsQuery.ts'
import { FakeClock } from '../support/FakeClock.ts'
import { failureOf } from '../support/failureOf.ts'
import { listen } from '../support/listen.ts'
import { openClient } from '../support/openClient.ts'

/** Sends one request and returns it as it arrived at the server. */
async function sent(t: Test, options: HubSpotClientOptions, path: string, query: string) {
  let arrived: { method?: string; url?: string; headers: IncomingHttpHeaders } | undefined
  const { origin } = await listen(t, (request, response) => {
    arrived = request
    response.end('[]')
  })
  const client = openClient(t, origin, options)
  const { body } = await client.get(path, query)
  t.equal(await textOf(body), '[]')
  return arrived
}

t.test('HubSpotClient: the API of 2011 gets the token in the URL, as documented', async t => {
  const request = await sent(t, { accessToken: 'demooooo-oooo' }, '/leads/v1/list', 'max=1')
  t.equal(request?.method, 'GET')
  t.equal(request?.url, '/leads/v1/list?access_token=demooooo-oooo&max=1')
  t.equal(request?.headers.authorization, undefined)
})

t.test('HubSpotClient: every other API than that of 2011 gets the token in the header', async t => {
  for (const auth of [undefined, 'query', 'header'] as const) {
    const request = await sent(t, { accessToken: 'demo', auth }, '/crm/v3/objects/contacts', 'limit=1')
    t.equal(request?.url, '/crm/v3/objects/contacts?limit=1')
    t.equal(request?.headers.authorization, 'Bearer demo')
  }
})

t.test("HubSpotClient: with auth: 'header' the token is sent in the header, and not in the URL", async t => {
  const request = await sent(t, { accessToken: 'demooooo-oooo', auth: 'header' }, '/leads/v1/list', 'max=1')
  t.equal(request?.url, '/leads/v1/list?max=1')
  t.equal(request?.headers.authorization, 'Bearer demooooo-oooo')
})

t.test('HubSpotClient: an API key is sent in the URL as hapikey', async t => {
  const request = await sent(t, { apiKey: 'demo' }, '/leads/v1/list', 'max=1')
  t.equal(request?.url, '/leads/v1/list?hapikey=demo&max=1')
  t.equal(request?.headers.authorization, undefined)
})

t.test(
  'HubSpotClient: a token with special characters is percent-encoded in the URL, and unchanged in the header',
  async t => {
    const accessToken = 'a/b+c=&d?e#f%20"é'.replace('é', '~')
    const inUrl = await sent(t, { accessToken }, '/leads/v1/x', '')
    t.equal(inUrl?.url, '/leads/v1/x?access_token=a%2Fb%2Bc%3D%26d%3Fe%23f%2520%22~')
    const inHeader = await sent(t, { accessToken }, '/x', '')
    t.equal(inHeader?.url, '/x')
    t.equal(inHeader?.headers.authorization, `Bearer ${accessToken}`)
  },
)

t.test('HubSpotClient: it accepts JSON, and offers gzip only', async t => {
  const request = await sent(t, {}, '/x', '')
  t.match(request?.headers, {
    accept: 'application/json',
    'accept-encoding': 'gzip',
    'user-agent': 'leadpipe',
  })
})

t.test('HubSpotClient: a query is sent as it was serialized, with plain brackets', async t => {
  const query = serializeQuery(
    completeQuery({
      search: 'a & b/ü',
      max: 100,
      startTime: new Date(1_275_718_091_660),
      bounced: false,
      guids: ['8a41', 'b c'],
    }) as PageQuery,
  )
  const request = await sent(t, { accessToken: 'T' }, '/leads/v1/list', query)
  t.equal(
    request?.url,
    '/leads/v1/list?access_token=T&search=a%20%26%20b%2F%C3%BC&max=100&startTime=1275718091660&timePivot=insertedAt&bounced=false&guids[0]=8a41&guids[1]=b%20c',
  )
})

t.test('HubSpotClient: an answer has status, headers and body', async t => {
  const { origin } = await listen(t, (_request, response) => {
    response.writeHead(203, { 'X-Any': 'thing', 'Content-Type': 'application/json' })
    response.end('{"a":"é"}')
  })
  const { status, headers, body } = await openClient(t, origin).get('/x', '')
  t.equal(status, 203)
  t.match(headers, { 'x-any': 'thing' })
  t.equal(await textOf(body), '{"a":"é"}')
})

t.test('HubSpotClient: a path or query that cannot be sent is refused, and nothing is sent', async t => {
  const { origin, targets } = await listen(t, (_request, response) => response.end())
  const client = openClient(t, origin, { accessToken: 's3cret' })
  for (const path of ['', 'leads', 'http://elsewhere/', '/a b', '/ü', '/a?b=c', '/a#b', '/a\r\nb']) {
    const error = await failureOf(client.get(path, ''))
    t.match(error, {
      code: 'OPTION',
      retryable: false,
      message: /^HubSpotClient\.get\(\): path: expected a percent-encoded path /,
    })
  }
  for (const query of ['a=b c', 'a=ü', 'a=\n', 'a#b', '#']) {
    const error = await failureOf(client.get('/x', query))
    t.match(error, {
      code: 'OPTION',
      message: /^HubSpotClient\.get\(\): query: expected a percent-encoded query/,
    })
  }
  for (const [path, query] of [
    ['/x?access_token=s3cret', ''],
    ['/x', 's3cret #'],
  ] as const) {
    t.notMatch(((await failureOf(client.get(path, query))) as Error).message, /s3cret/)
  }
  t.strictSame(targets, [])
})

t.test('HubSpotClient: an answer that is not read yet holds no slot', async t => {
  const { origin, targets } = await listen(t, (_request, response) => response.end('[1]'))
  const client = openClient(t, origin, { concurrency: 1 })
  const answers = []
  for (let i = 0; i < 5; i += 1) answers.push(await client.get(`/${i}`, ''))
  t.equal(targets.length, 5)
  for (const { body } of answers) t.equal(await textOf(body), '[1]')
})

t.test('HubSpotClient: at most `concurrency` requests run at once', async t => {
  const total = 20
  const waiting: (() => void)[] = []
  let arrived = 0
  let answered = 0
  let most = 0
  const { origin } = await listen(t, (_request, response) => {
    arrived += 1
    most = Math.max(most, arrived - answered)
    waiting.push(() => {
      answered += 1
      response.end('[]')
    })
    // No request is answered before as many are open as may be.
    if (arrived - answered === 3 || arrived > total - 3) waiting.shift()?.()
    if (arrived === total) for (const answer of waiting.splice(0)) answer()
  })
  const client = openClient(t, origin, { concurrency: 3 })
  await Promise.all(Array.from({ length: total }, async () => textOf((await client.get('/x', '')).body)))
  t.equal(arrived, total)
  t.equal(most, 3)
})

t.test('HubSpotClient: the rate limit counts every attempt, retries included', async t => {
  let arrived = 0
  const { origin, targets } = await listen(t, (_request, response) => {
    arrived += 1
    response.writeHead(arrived === 1 ? 503 : 200).end('[]')
  })
  const rateLimit = { requests: 3, interval: 60_000 }
  const clock = new FakeClock()
  const client = openClient(t, origin, { rateLimit }, clock)
  const other = openClient(t, origin)
  await textOf((await client.get('/first', '')).body)
  await textOf((await client.get('/second', '')).body)
  clock.hold = true
  const controller = new AbortController()
  const third = failureOf(client.get('/third', '', { signal: controller.signal }))
  for (let i = 0; i < 3; i += 1) await textOf((await other.get('/other', '')).body)
  controller.abort('enough')
  t.equal(await third, 'enough')
  const paths = targets.map(target => target.split('?')[0])
  t.strictSame(paths, ['/first', '/first', '/second', '/other', '/other', '/other'])
  t.strictSame(clock.waits, [500, 59_500], 'the wait before the retry, and the rest of the interval')
})

t.test(
  'HubSpotClient: the rate limit waits no longer if the system clock is set back or forward',
  async t => {
    const { origin } = await listen(t, (_request, response) => response.end('[]'))
    for (const skew of [-15_000, -86_400_000, 86_400_000]) {
      const clock = new FakeClock()
      const client = openClient(t, origin, { rateLimit: { requests: 10, interval: 1_000 } }, clock)
      for (let i = 0; i < 30; i += 1) {
        if (i === 5) clock.skew = skew
        await textOf((await client.get('/x', '')).body)
      }
      t.strictSame(clock.waits, [1_000, 1_000])
    }
  },
)

t.test('HubSpotClient: the default rate limit is 100 requests in 10 seconds', async t => {
  const { origin, targets } = await listen(t, (_request, response) => response.end('[]'))
  const client = new HubSpotClient({ origin, accessToken: 'T', concurrency: 20 })
  t.after(() => client.close())
  const controller = new AbortController()
  const requests = Array.from({ length: 110 }, async () =>
    textOf((await client.get('/x', '', { signal: controller.signal })).body),
  )
  const settled = Promise.allSettled(requests)
  await Promise.all(requests.slice(0, 100))
  controller.abort(new Error('enough'))
  const outcomes = await settled
  t.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 100)
  t.equal(targets.length, 100)
})

t.test('HubSpotClient: origin is the normalized origin', async t => {
  t.equal(openClient(t, 'HTTP://LocalHost:80/').origin, 'http://localhost')
  const byDefault = new HubSpotClient({ accessToken: 'T' })
  t.equal(byDefault.origin, 'https://api.hubapi.com')
  await byDefault.close()
})
