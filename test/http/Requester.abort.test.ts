import { getEventListeners } from 'node:events'
import { text as textOf } from 'node:stream/consumers'
import t from 'tap'
import { systemClock } from '../../lib/http/Clock.ts'
import { eventually } from '../support/eventually.ts'
import { FakeClock } from '../support/FakeClock.ts'
import { failureOf } from '../support/failureOf.ts'
import { listen } from '../support/listen.ts'
import { openClient } from '../support/openClient.ts'
import { turns } from '../support/turns.ts'
import { watchSockets } from '../support/watchSockets.ts'

const reasons = [new Error('enough'), new TypeError('retryable?'), 'a string', { any: 'thing' }, 0]

t.test('abort before the request rejects with the reason, and nothing is sent', async t => {
  const { origin, targets } = await listen(t, (_request, response) => response.end())
  const client = openClient(t, origin)
  for (const reason of reasons) {
    t.equal(await failureOf(client.get('/x', '', { signal: AbortSignal.abort(reason) })), reason)
  }
  t.strictSame(targets, [])
})

t.test('abort in the queue rejects with the reason, and the request is never sent', async t => {
  const { origin, targets } = await listen(t, () => {})
  const client = openClient(t, origin, { concurrency: 1 })
  const first = failureOf(client.get('/first', ''))
  await eventually(() => targets.length, 1)
  for (const reason of reasons) {
    const controller = new AbortController()
    const queued = failureOf(client.get('/queued', '', { signal: controller.signal }))
    await turns(1)
    controller.abort(reason)
    t.equal(await queued, reason)
  }
  await client.close()
  await first
  t.equal(targets.length, 1)
})

t.test('abort while all connections are in use rejects with the reason, at once', async t => {
  const { origin, targets } = await listen(t, (_request, response) => void response.write('['))
  const client = openClient(t, origin, { concurrency: 1 })
  const { body } = await client.get('/unread', '')
  for (const reason of reasons) {
    const controller = new AbortController()
    let isSent = false
    const onRequest = () => {
      isSent = true
    }
    const waiting = failureOf(client.get('/waiting', '', { signal: controller.signal, onRequest }))
    await eventually(() => isSent, true)
    controller.abort(reason)
    t.equal(await waiting, reason)
  }
  t.equal(targets.length, 1)
  body.destroy()
})

t.test('abort before the headers arrive rejects with the reason, and closes the connection', async t => {
  for (const reason of reasons) {
    const controller = new AbortController()
    const { origin, server } = await listen(t, () => controller.abort(reason))
    const sockets = watchSockets(server)
    const client = openClient(t, origin)
    t.equal(await failureOf(client.get('/x', '', { signal: controller.signal })), reason)
    await sockets.allClosed()
  }
})

t.test('abort in the wait before a retry rejects with the reason, and nothing more is sent', async t => {
  for (const reason of reasons) {
    const { origin, targets } = await listen(t, (_request, response) => response.writeHead(503).end())
    const clock = new FakeClock()
    clock.hold = true
    const controller = new AbortController()
    clock.onWait = () => controller.abort(reason)
    const client = openClient(t, origin, {}, clock)
    t.equal(await failureOf(client.get('/x', '', { signal: controller.signal })), reason)
    t.equal(targets.length, 1)
  }
})

t.test('abort in onRetry rejects with the reason, without a wait', async t => {
  const { origin } = await listen(t, (_request, response) => response.writeHead(503).end())
  const controller = new AbortController()
  const client = openClient(t, origin)
  const reason = new Error('enough')
  const onRetry = () => controller.abort(reason)
  t.equal(await failureOf(client.get('/x', '', { signal: controller.signal, onRetry })), reason)
})

t.test('abort while an error body is read rejects with the reason, not with the status', async t => {
  const controller = new AbortController()
  const reason = new Error('enough')
  const { origin } = await listen(t, (_request, response) => {
    response.writeHead(404).write('no', () => controller.abort(reason))
  })
  t.equal(await failureOf(openClient(t, origin).get('/x', '', { signal: controller.signal })), reason)
})

t.test('abort while the body is read fails the body with the reason, and closes the connection', async t => {
  for (const encoding of ['identity', 'gzip']) {
    for (const reason of reasons.slice(0, 2)) {
      const { origin, server } = await listen(t, (_request, response) => {
        response.writeHead(200, { 'Content-Encoding': encoding })
        response.write(Buffer.from('1f8b0800000000000003', 'hex'))
      })
      const sockets = watchSockets(server)
      const controller = new AbortController()
      const { body } = await openClient(t, origin).get('/x', '', { signal: controller.signal })
      const read = failureOf(textOf(body))
      controller.abort(reason)
      t.equal(await read, reason)
      await sockets.allClosed()
    }
  }
})

t.test('abort destroys a body that is not read yet', async t => {
  for (const encoding of ['identity', 'gzip']) {
    const { origin, server } = await listen(t, (_request, response) => {
      response.writeHead(200, { 'Content-Encoding': encoding }).write(Buffer.alloc(10))
    })
    const sockets = watchSockets(server)
    const controller = new AbortController()
    const { body } = await openClient(t, origin).get('/x', '', { signal: controller.signal })
    controller.abort(new Error('enough'))
    await sockets.allClosed()
    t.ok(body.destroyed)
  }
})

t.test('abort after the end of the body has no effect', async t => {
  const { origin } = await listen(t, (_request, response) => response.end('[]'))
  const controller = new AbortController()
  const { body } = await openClient(t, origin).get('/x', '', { signal: controller.signal })
  t.equal(await textOf(body), '[]')
  controller.abort(new Error('late'))
  await turns(3)
  t.equal(body.errored, null)
})

t.test(
  'abort: a hundred requests with one signal add one listener, remove it at the end, and cause no warning',
  async t => {
    const warnings: Error[] = []
    const keep = (warning: Error) => void warnings.push(warning)
    process.on('warning', keep)
    t.after(() => process.off('warning', keep))
    const { origin } = await listen(t, (request, response) => {
      response.writeHead(request.url?.startsWith('/bad') ? 404 : 200).end('[]')
    })
    const client = openClient(t, origin, { concurrency: 10 })
    const { signal } = new AbortController()
    const requests = Array.from({ length: 100 }, (_, i) =>
      client.get(i % 5 === 0 ? '/bad' : '/x', '', { signal }),
    )
    t.equal(getEventListeners(signal, 'abort').length, 1)
    const answers = await Promise.allSettled(requests)
    for (const answer of answers) if (answer.status === 'fulfilled') await textOf(answer.value.body)
    await turns(3)
    t.strictSame(warnings, [])
    t.strictSame(getEventListeners(signal, 'abort'), [])
  },
)

t.test('abort: one signal ends all of its requests, and no other', async t => {
  const { origin } = await listen(t, (request, response) => {
    if (request.url?.startsWith('/good')) response.end('[]')
  })
  const client = openClient(t, origin, { concurrency: 3 })
  const controller = new AbortController()
  const { signal } = controller
  const all = Array.from({ length: 20 }, () => failureOf(client.get('/x', '', { signal })))
  const reason = new Error('enough')
  await turns(5)
  controller.abort(reason)
  t.ok((await Promise.all(all)).every(error => error === reason))
  t.equal(await textOf((await client.get('/good', '')).body), '[]')
})

t.test('systemClock.wait resolves after its time', async () => {
  await systemClock.wait(0)
  await systemClock.wait(1, new AbortController().signal)
})

t.test('systemClock.wait rejects with the reason when it is aborted, before or during the wait', async t => {
  for (const reason of [new Error('enough'), 'a string', { any: 'thing' }]) {
    t.equal(await failureOf(systemClock.wait(60_000, AbortSignal.abort(reason))), reason)
    const controller = new AbortController()
    const wait = failureOf(systemClock.wait(60_000, controller.signal))
    controller.abort(reason)
    t.equal(await wait, reason)
  }
})

t.test('systemClock has a date, a monotonic time and random numbers from 0 to 1', async t => {
  t.equal(typeof systemClock.now(), 'number')
  const moment = systemClock.monotonic()
  t.ok(systemClock.monotonic() >= moment)
  const chance = systemClock.random()
  t.ok(chance >= 0 && chance < 1)
})
