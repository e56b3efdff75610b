import type { IncomingHttpHeaders } from 'node:http'
import { text as textOf } from 'node:stream/consumers'
import { inspect } from 'node:util'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { FakeClock } from '../support/FakeClock.ts'
import { failureOf } from '../support/failureOf.ts'
import { listen } from '../support/listen.ts'
import { openClient } from '../support/openClient.ts'

interface Arrival {
  method: string | undefined
  url: string | undefined
  headers: IncomingHttpHeaders
  body: string
}

/** A search API with these statuses in sequence, then 200; `arrivals` has its requests. */
async function search(t: Test, statuses: number[] = [], answer = '{"results":[]}') {
  const arrivals: Arrival[] = []
  const { origin } = await listen(t, async (request, response) => {
    const { method, url, headers } = request
    const status = statuses[arrivals.length] ?? 200
    const arrival = { method, url, headers, body: '' }
    arrivals.push(arrival)
    arrival.body = await textOf(request)
    response.writeHead(status, { 'content-encoding': 'gzip' }).end(gzipSync(answer))
  })
  return { origin, arrivals }
}

const path = '/crm/v3/objects/contacts/search'
const body = { filterGroups: [], limit: 100, query: 'é' }

t.test('HubSpotClient.post sends JSON with the credentials, and returns the decoded answer', async t => {
  const { origin, arrivals } = await search(t)
  const answer = await openClient(t, origin, { accessToken: 's3cret' }).post(path, body, { query: 'a=b' })
  t.equal(answer.status, 200)
  t.equal(await textOf(answer.body), '{"results":[]}')
  await textOf((await openClient(t, origin, { apiKey: 's3cret' }).post(path, body)).body)
  t.match(arrivals, [
    { method: 'POST', url: `${path}?a=b`, headers: { authorization: 'Bearer s3cret' } },
    { method: 'POST', url: `${path}?hapikey=s3cret`, headers: { authorization: undefined } },
  ])
  for (const { headers, body: sent } of arrivals) {
    t.match(headers, { 'content-type': 'application/json', 'accept-encoding': 'gzip' })
    t.equal(headers['content-length'], String(Buffer.byteLength(sent)))
    t.strictSame(JSON.parse(sent), body)
  }
})

t.test('HubSpotClient.post is retried as get is, with the same body', async t => {
  const { origin, arrivals } = await search(t, [503, 429])
  const clock = new FakeClock()
  const retries: number[] = []
  const client = openClient(t, origin, {}, clock)
  const { body: answer } = await client.post(path, body, { onRetry: () => retries.push(arrivals.length) })
  t.equal(await textOf(answer), '{"results":[]}')
  t.strictSame(
    arrivals.map(({ body: sent }) => JSON.parse(sent)),
    [body, body, body],
  )
  t.strictSame(retries, [1, 2])
  // After a 429 the limiter waits as well as the request.
  t.strictSame(clock.waits, [500, 1_000, 1_000])
})

t.test('HubSpotClient.post and get share the rate limit of the client', async t => {
  const { origin, arrivals } = await search(t)
  const clock = new FakeClock()
  const client = openClient(t, origin, { rateLimit: { requests: 2, interval: 10_000 } }, clock)
  const batch = '/crm/v3/objects/contacts/batch/read'
  for (const send of [
    () => client.get('/x', ''),
    () => client.post(batch, body),
    () => client.post(batch, body),
  ]) {
    await textOf((await send()).body)
  }
  t.equal(arrivals.length, 3)
  t.strictSame(clock.waits, [10_000])
})

t.test('HubSpotClient.post returns a batch that was done in part, for its caller to read', async t => {
  const errors = '{"status":"COMPLETE","results":[],"numErrors":1,"errors":[{"status":"error"}]}'
  const { origin } = await search(t, [207], errors)
  const { status, body: answer } = await openClient(t, origin).post(path, body)
  t.equal(status, 207)
  t.equal(await textOf(answer), errors)
})

t.test('HubSpotClient.post fails as get does, without the credentials in its error', async t => {
  for (const auth of ['query', 'header'] as const) {
    const { origin } = await search(t, [400], '{"message":"no access_token=s3cret in s3cret"}')
    const client = openClient(t, origin, { accessToken: 's3cret', auth })
    const error = await failureOf(client.post(path, body))
    t.match(error, { code: 'HTTP', message: /answered 400: no access_token=\*\*\* in \*\*\*$/ })
    t.notMatch(inspect(error, { depth: 20, showHidden: true }), /s3cret/)
  }
})

t.test(
  'HubSpotClient.post refuses a path with a query, obeys its signal, and fails once the client is closed',
  async t => {
    const { origin, arrivals } = await search(t)
    const client = openClient(t, origin)
    t.match(await failureOf(client.post(`${path}?a=b`, body)), {
      code: 'OPTION',
      message:
        /^HubSpotClient\.post\(\): path: expected a percent-encoded path that begins with "\/" and has no query/,
    })
    t.equal(await failureOf(client.post(path, body, { signal: AbortSignal.abort('enough') })), 'enough')
    await client.close()
    t.match(await failureOf(client.post(path, body)), { code: 'NETWORK', message: 'the client was closed' })
    t.strictSame(arrivals, [])
  },
)
