import { text as textOf } from 'node:stream/consumers'
import t from 'tap'
import { HubSpotClient } from '../../lib/hubspot/HubSpotClient.ts'
import { FakeClock } from '../support/FakeClock.ts'
import { failureOf } from '../support/failureOf.ts'
import { pageAfterPage } from '../support/leadsByOffset.ts'
import { listen } from '../support/listen.ts'
import { openClient } from '../support/openClient.ts'
import { runProcess } from '../support/runProcess.ts'
import { turns } from '../support/turns.ts'
import { watchSockets } from '../support/watchSockets.ts'

const closed = { code: 'NETWORK', retryable: false, message: 'the client was closed' }

t.test('close(): no connection is left open', async t => {
  const { origin, server, connections } = await listen(t, (_request, response) => response.end('[]'))
  const sockets = watchSockets(server)
  const client = openClient(t, origin)
  await Promise.all(Array.from({ length: 10 }, async () => textOf((await client.get('/x', '')).body)))
  t.ok((await connections()) > 0, 'idle connections stay open until close()')
  await client.close()
  await sockets.allClosed()
  t.equal(await connections(), 0)
})

t.test('close(): requests in the queue or without an answer fail at once', async t => {
  let client: HubSpotClient | undefined
  const { origin, server, targets } = await listen(t, () => void client?.close())
  const sockets = watchSockets(server)
  client = openClient(t, origin, { concurrency: 1 })
  const errors = await Promise.all([
    failureOf(client.get('/first', '')),
    failureOf(client.get('/queued', '')),
  ])
  for (const error of errors) t.match(error, closed)
  t.equal(targets.length, 1)
  await sockets.allClosed()
})

t.test('close(): a request that waits for its retry fails at once', async t => {
  const { origin, targets } = await listen(t, (_request, response) => response.writeHead(503).end())
  const clock = new FakeClock()
  clock.hold = true
  const client = openClient(t, origin, {}, clock)
  clock.onWait = () => void client.close()
  t.match(await failureOf(client.get('/x', '')), closed)
  t.equal(targets.length, 1)
})

t.test('close(): a body that is being read fails, and its connection is closed', async t => {
  const { origin, server } = await listen(t, (_request, response) => void response.write('[{"guid":"a"},'))
  const sockets = watchSockets(server)
  const client = openClient(t, origin)
  const guids: string[] = []
  const error = await failureOf(async () => {
    for await (const { guid } of pageAfterPage(client)) {
      guids.push(guid)
      void client.close()
    }
  })
  t.match(error, { code: 'NETWORK', message: /the client was closed$/ })
  t.strictSame(guids, ['a'])
  await sockets.allClosed()
})

t.test('close(): a source that waits to resume after a broken body fails at once', async t => {
  const { origin, targets } = await listen(t, (_request, response) => response.end('[{"guid":"a"},'))
  const clock = new FakeClock()
  clock.hold = true
  const client = openClient(t, origin, {}, clock)
  clock.onWait = () => void client.close()
  t.match(await failureOf(pageAfterPage(client).toArray()), closed)
  t.equal(targets.length, 1)
})

t.test('close(): a body that turns out to be broken afterwards is not retried', async t => {
  const { origin, targets } = await listen(t, (_request, response) => {
    response.end('[{"guid":"a"},{"guid":"b"},{"guid":"c"},')
  })
  const clock = new FakeClock()
  const client = openClient(t, origin, {}, clock)
  const guids: string[] = []
  const error = await failureOf(async () => {
    for await (const { guid } of pageAfterPage(client, { highWaterMark: 1 })) {
      guids.push(guid)
      // The body has ended, but the source waits for the consumer.
      await turns(20)
      await client.close()
    }
  })
  t.match(error, { code: 'NETWORK', retryable: false, message: /the client was closed$/ })
  t.strictSame(clock.waits, [])
  t.equal(targets.length, 1)
})

t.test('close(): a body that is not read is destroyed', async t => {
  const { origin, server } = await listen(t, (_request, response) => void response.write('['))
  const sockets = watchSockets(server)
  const client = openClient(t, origin)
  const { body } = await client.get('/x', '')
  await client.close()
  await sockets.allClosed()
  t.ok(body.destroyed)
})

t.test('close(): it may be called again, and concurrently', async t => {
  const { origin } = await listen(t, (_request, response) => response.end('[]'))
  const client = openClient(t, origin)
  await textOf((await client.get('/x', '')).body)
  await Promise.all([client.close(), client.close()])
  await client.close()
})

t.test('idle connections do not keep the process alive', async t => {
  const { origin, server } = await listen(t, (_request, response) => response.end('[]'))
  // Far longer than a test may take.
  server.keepAliveTimeout = 600_000
  const { code, stdout, stderr } = await runProcess('test/http/fixtures/leaveOpen.ts', [origin])
  t.strictSame([code, stdout, stderr], [0, '0 leads\n', ''])
})

t.test('close(): it resolves for a client that was never used', async () => {
  await new HubSpotClient({ accessToken: 'T' }).close()
})

t.test('close(): later requests fail, and nothing is sent', async t => {
  const { origin, targets } = await listen(t, (_request, response) => response.end('[]'))
  const client = openClient(t, origin)
  await client.close()
  t.match(await failureOf(client.get('/x', '')), closed)
  t.match(await failureOf(pageAfterPage(client).toArray()), {
    code: 'NETWORK',
    message: /the client was closed$/,
  })
  t.strictSame(targets, [])
})

t.test('`await using` closes the client and its connections', async t => {
  const { origin, server } = await listen(t, (_request, response) => response.end('[]'))
  const sockets = watchSockets(server)
  {
    await using client = new HubSpotClient({ origin, accessToken: 'T' })
    await textOf((await client.get('/x', '')).body)
  }
  await sockets.allClosed()
  t.equal(sockets.open.size, 0)
})

t.test('close(): a source that waits for its consumer fails when it is read again', async t => {
  const list = Array.from({ length: 5_000 }, (_, i) => ({ guid: `${i}`, text: 'x'.repeat(1_000) }))
  const { origin, server } = await listen(t, (_request, response) => response.end(JSON.stringify(list)))
  const sockets = watchSockets(server)
  const client = openClient(t, origin)
  const iterator = pageAfterPage(client)[Symbol.asyncIterator]()
  t.equal((await iterator.next()).value?.guid, '0')
  await client.close()
  await sockets.allClosed()
  const error = await failureOf(async () => {
    while (!(await iterator.next()).done);
  })
  t.match(error, { code: 'NETWORK', message: /the client was closed$/ })
})
