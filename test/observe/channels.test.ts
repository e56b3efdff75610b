import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { dirname, join } from 'node:path'
import { text as textOf } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import { createPortal } from '../../lib/portal/createPortal.ts'
import { run } from '../../lib/run/run.ts'
import { toFile } from '../../lib/sinks/toFile.ts'
import { leads } from '../../lib/sources/leads.ts'
import { FakeClock } from '../support/FakeClock.ts'
import { failureOf } from '../support/failureOf.ts'
import { listen } from '../support/listen.ts'
import { openClient } from '../support/openClient.ts'
import { paced } from '../support/paced.ts'

/** The messages that a channel publishes while the test runs. */
function published(t: Test, name: string): unknown[] {
  const messages: unknown[] = []
  const keep = (message: unknown) => void messages.push(message)
  subscribe(name, keep)
  t.after(() => unsubscribe(name, keep))
  return messages
}

t.test(
  'leadpipe:request has a message for every answer, whatever its status, and none for a reset connection',
  async t => {
    const messages = published(t, 'leadpipe:request')
    const statuses = [503, 429, 200, 404]
    const clock = new FakeClock()
    const { origin } = await listen(t, (request, response) => {
      if (request.url?.startsWith('/leads/v1/reset')) {
        request.socket.resetAndDestroy()
        return
      }
      clock.time += 7
      response.writeHead(statuses.shift() ?? 500).end('[]')
    })
    const client = openClient(t, origin, { accessToken: 's3cret' }, clock)
    await textOf((await client.get('/leads/v1/good', 'max=1')).body)
    await failureOf(client.get('/leads/v1/bad', ''))
    await failureOf(client.get('/leads/v1/reset', ''))
    const good = { method: 'GET', url: `${origin}/leads/v1/good?access_token=***&max=1`, duration: 7 }
    t.strictSame(messages, [
      { ...good, status: 503, attempt: 1 },
      { ...good, status: 429, attempt: 2 },
      { ...good, status: 200, attempt: 3 },
      { method: 'GET', url: `${origin}/leads/v1/bad?access_token=***`, duration: 7, status: 404, attempt: 1 },
    ])
  },
)

t.test('leadpipe:retry has a message for every retry, before its wait', async t => {
  const messages = published(t, 'leadpipe:retry')
  const { origin } = await listen(t, (_request, response) => {
    if (messages.length === 0) response.writeHead(429, { 'Retry-After': '3' }).end('slow down')
    else if (messages.length === 1) response.writeHead(502).end()
    else response.end('[]')
  })
  const clock = new FakeClock()
  const before: number[] = []
  clock.onWait = () => before.push(messages.length)
  const client = openClient(t, origin, { accessToken: 's3cret' }, clock)
  await textOf((await client.get('/leads/v1/x', '')).body)
  const url = `${origin}/leads/v1/x?access_token=***`
  t.strictSame(messages, [
    {
      method: 'GET',
      url,
      attempt: 1,
      delay: 3_000,
      reason: `too many requests: ${url} answered 429: slow down`,
    },
    { method: 'GET', url, attempt: 2, delay: 1_000, reason: `${url} answered 502` },
  ])
  // After the 429 the limiter waits as well.
  t.strictSame(before, [1, 1, 2])
})

t.test("leadpipe:limit has a message when a request begins to wait for the client's rate limit", async t => {
  const messages = published(t, 'leadpipe:limit')
  const { origin } = await listen(t, (_request, response) => response.end('[]'))
  const rateLimit = { requests: 1, interval: 5_000 }
  const client = openClient(t, origin, { accessToken: 's3cret', rateLimit }, new FakeClock())
  for (let request = 1; request <= 2; request += 1) await textOf((await client.get('/x', '')).body)
  t.strictSame(messages, [{ origin, limit: 'rateLimit', delay: 5_000 }])
})

t.test(
  'leadpipe:checkpoint has two messages for every save: when the records are durable, and when it is saved',
  async t => {
    const messages = published(t, 'leadpipe:checkpoint')
    const path = join(t.testdir(), 'a.checkpoint.json')
    const portal = await createPortal({ leads: 250 })
    t.teardown(() => portal.close())
    const start = () =>
      run(
        leads(openClient(t, portal.origin, { accessToken: portal.accessToken })),
        paced(),
        toFile(join(dirname(path), 'a.ndjson'), { format: 'ndjson' }),
        { checkpoint: { path, every: { leads: 100 }, whenFinished: 'stop' } },
      )
    await start()
    const twice = (phase: string, saves: number) => [
      { path, phase, step: 'flushed', saves },
      { path, phase, step: 'saved', saves },
    ]
    t.strictSame(messages, [
      ...twice('running', 1),
      ...twice('running', 2),
      ...twice('running', 3),
      ...twice('prepared', 4),
      ...twice('committed', 5),
    ])
    messages.length = 0
    await start()
    t.strictSame(messages, [], 'a run that has finished saves nothing')
  },
)
