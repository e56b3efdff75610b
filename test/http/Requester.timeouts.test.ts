import { text as textOf } from 'node:stream/consumers'
import t from 'tap'
import type { HubSpotClient } from '../../lib/hubspot/HubSpotClient.ts'
import { failureOf } from '../support/failureOf.ts'
import { leadsByOffset } from '../support/leadsByOffset.ts'
import { listen } from '../support/listen.ts'
import { listenRaw } from '../support/listenRaw.ts'
import { openClient } from '../support/openClient.ts'

// undici checks its timers about every half second, so these tests run in parallel.
t.jobs = 6
const buffered = { buffered: true }
const once = { retry: { retries: 0 } }

t.test(
  'timeouts: a connection that is never established is a TIMEOUT that names timeouts.connect',
  buffered,
  async t => {
    // It accepts connections, and then sends nothing.
    const { port } = await listenRaw(t, () => {})
    const origin = `https://127.0.0.1:${port}`
    const error = await failureOf(openClient(t, origin, { ...once, timeouts: { connect: 30 } }).get('/x', ''))
    t.match(error, {
      code: 'TIMEOUT',
      retryable: true,
      message: `${origin}: connecting took too long (timeouts.connect)`,
    })
  },
)

t.test(
  'timeouts: headers that do not arrive are a TIMEOUT that names timeouts.headers',
  buffered,
  async t => {
    const { origin } = await listen(t, () => {})
    const error = await failureOf(openClient(t, origin, { ...once, timeouts: { headers: 30 } }).get('/x', ''))
    t.match(error, {
      code: 'TIMEOUT',
      retryable: true,
      message: `${origin}: the answer's headers took too long (timeouts.headers)`,
    })
  },
)

t.test('timeouts: headers that take too long are retried', buffered, async t => {
  let arrived = 0
  const { origin } = await listen(t, (_request, response) => {
    arrived += 1
    if (arrived === 2) response.end('[]')
  })
  const { status } = await openClient(t, origin, { timeouts: { headers: 50 } }).get('/x', '')
  t.equal(status, 200)
  t.equal(arrived, 2)
})

t.test(
  'timeouts: a body that stalls is a TIMEOUT that names timeouts.chunk and the page',
  buffered,
  async t => {
    for (const encoding of ['identity', 'gzip']) {
      const { origin } = await listen(t, (_request, response) => {
        response.writeHead(200, { 'Content-Encoding': encoding })
        // The first ten bytes of a gzip member are its header: they hold no data.
        response.write(encoding === 'gzip' ? Buffer.from('1f8b0800000000000003', 'hex') : '[{"guid":"a"},')
      })
      const source = leadsByOffset(openClient(t, origin, { ...once, timeouts: { chunk: 30 } }))
      const guids: string[] = []
      const error = await failureOf(async () => {
        for await (const { guid } of source) guids.push(guid)
      })
      const bytes = encoding === 'gzip' ? 0 : 14
      t.match(error, {
        code: 'TIMEOUT',
        retryable: true,
        message: `page 1, byte ${bytes}: ${origin}: the next chunk of the body took too long (timeouts.chunk)`,
        context: { page: 1, offset: bytes },
      })
      t.strictSame(guids, encoding === 'gzip' ? [] : ['a'])
    }
  },
)

t.test('timeouts: an error body that stalls does not hide the status', buffered, async t => {
  const { origin } = await listen(t, (_request, response) => {
    response.writeHead(401).write('go away')
  })
  const client = openClient(t, origin, { ...once, timeouts: { chunk: 30 } })
  t.match(await failureOf(client.get('/x', '')), { code: 'AUTH', message: /answered 401: go away$/ })
})

/** Resolves when another request has exceeded timeouts.chunk, so that this much time has passed. */
async function untilChunkTimesOut(client: HubSpotClient): Promise<void> {
  const error = await failureOf(async () => textOf((await client.get('/stalls', '')).body))
  if ((error as { code?: string }).code !== 'UND_ERR_BODY_TIMEOUT') throw error
}

t.test('timeouts: the time that a slow consumer takes does not count', buffered, async t => {
  const list = Array.from({ length: 2_000 }, (_, i) => ({ guid: `${i}`, text: 'x'.repeat(2_000) }))
  const { origin } = await listen(t, (request, response) => {
    if (request.url?.startsWith('/stalls')) response.write('[')
    else response.end(request.url?.includes('offset=') ? '[]' : JSON.stringify(list))
  })
  const client = openClient(t, origin, { ...once, timeouts: { chunk: 40 } })
  const guids: string[] = []
  for await (const { guid } of leadsByOffset(client)) {
    guids.push(guid)
    if (guid === '7' || guid === '1000') await untilChunkTimesOut(client)
  }
  t.strictSame(
    guids,
    list.map(({ guid }) => guid),
  )
})
