import { getEventListeners } from 'node:events'
import t, { type Test } from 'tap'
import type { LeadSource } from '../../lib/sources/leads.ts'
import type { LeadsOptions } from '../../lib/sources/options.ts'
import { someLeads } from '../support/aLead.ts'
import { FakeClock } from '../support/FakeClock.ts'
import { failureOf } from '../support/failureOf.ts'
import { leadsByOffset } from '../support/leadsByOffset.ts'
import { type Listening, listen } from '../support/listen.ts'
import { openClient } from '../support/openClient.ts'
import { serveLeads } from '../support/serveLeads.ts'
import { turns } from '../support/turns.ts'
import { watchSockets } from '../support/watchSockets.ts'

const large = JSON.stringify(someLeads(5_000, 3))

/** A moment in the life of a source, with its server. */
interface Moment {
  serve(t: Test): Promise<Listening>
  /** Resolves when the source has reached the moment. */
  reach(source: LeadSource, server: Listening): Promise<unknown>
  hold?: true
}

const read = (source: LeadSource) =>
  new Promise(resolve => source.once('readable', () => resolve(source.read())))

const moments: Record<string, Moment> = {
  'before the first read': {
    serve: t => serveLeads(t, someLeads(3)),
    reach: async () => {},
  },
  'while it waits for headers': {
    serve: t => listen(t, () => {}),
    reach: (source, { server }) => {
      source.read(0)
      return new Promise(resolve => server.once('request', resolve))
    },
  },
  'in the wait before a retry': {
    hold: true,
    serve: t => listen(t, (_request, response) => response.writeHead(503).end()),
    reach: source => {
      source.read(0)
      return turnsUntil(() => source.counts.retries === 1)
    },
  },
  'in the middle of a body': {
    serve: t => listen(t, (_request, response) => void response.write('[{"guid":"a"},{"guid":"b"')),
    reach: read,
  },
  'in the middle of a gzip body': {
    serve: t =>
      listen(t, (_request, response) => {
        response.writeHead(200, { 'Content-Encoding': 'gzip' })
        response.write(Buffer.from('1f8b0800000000000003', 'hex'))
      }),
    reach: async (source, { server }) => {
      source.read(0)
      await new Promise(resolve => server.once('request', resolve))
      await turns(20)
    },
  },
  'while it waits for room': {
    serve: t => listen(t, (_request, response) => response.end(large)),
    reach: async source => {
      await read(source)
      await turnsUntil(() => source.readableLength >= source.readableHighWaterMark)
      await turns(5)
    },
  },
  'between two pages': {
    serve: t =>
      listen(
        t,
        (request, response) => void (request.url?.includes('offset=') || response.end('[{"guid":"a"}]')),
      ),
    reach: async (source, { server }) => {
      await read(source)
      if (source.counts.requests < 2) await new Promise(resolve => server.once('request', resolve))
    },
  },
  'when all is read ahead': {
    serve: t => serveLeads(t, someLeads(3)),
    reach: async source => {
      await read(source)
      await turnsUntil(() => source.counts.pages === 2)
    },
  },
}

async function turnsUntil(condition: () => boolean): Promise<void> {
  while (!condition()) await turns(1)
}

/** A source at this moment. */
async function sourceAt(t: Test, { serve, reach, hold }: Moment, options: LeadsOptions = {}) {
  const server = await serve(t)
  const sockets = watchSockets(server.server)
  const clock = new FakeClock()
  clock.hold = hold ?? false
  const client = openClient(t, server.origin, {}, clock)
  const source = leadsByOffset(client, options)
  await reach(source, server)
  return { source, sockets, client, server }
}

// tap fails a test that leaves an unhandled rejection.
for (const [name, moment] of Object.entries(moments)) {
  // An idle connection belongs to the client, not to the source.
  const idle = /^before|^between|^when|a retry$/.test(name)

  t.test(`leads: destroy() ${name} closes the source and its connection`, async t => {
    const { source, sockets, client } = await sourceAt(t, moment)
    let failed = false
    source.on('error', () => {
      failed = true
    })
    const closed = new Promise(resolve => source.once('close', resolve))
    source.destroy()
    source.destroy()
    await closed
    t.notOk(failed, 'destroy() emits no error')
    if (idle) await client.close()
    await sockets.allClosed()
  })

  t.test(`leads: destroy(error) ${name} fails the source with this error`, async t => {
    const { source, sockets, client } = await sourceAt(t, moment)
    const error = new Error('enough')
    const failure = new Promise(resolve => source.once('error', resolve))
    source.destroy(error)
    t.equal(await failure, error)
    if (idle) await client.close()
    await sockets.allClosed()
  })

  t.test(`leads: an abort ${name} fails the source with the reason`, async t => {
    for (const reason of [new Error('enough'), { any: 'thing' }]) {
      const controller = new AbortController()
      const { signal } = controller
      const { source, sockets, client } = await sourceAt(t, moment, { signal })
      const failure = new Promise(resolve => source.once('error', resolve))
      controller.abort(reason)
      // Before the first read the source does not listen yet.
      if (name === 'before the first read') source.read(0)
      t.equal(await failure, reason)
      t.strictSame(getEventListeners(signal, 'abort'), [])
      if (idle) await client.close()
      await sockets.allClosed()
    }
  })
}

t.test('leads: leaving `for await` closes the connection', async t => {
  for (const decode of ['express', 'stream-json'] as const) {
    for (const count of [1, 2, 40]) {
      const { origin, server } = await listen(t, (_request, response) => response.end(large))
      const sockets = watchSockets(server)
      const source = leadsByOffset(openClient(t, origin), { decode })
      let taken = 0
      for await (const _ of source) {
        taken += 1
        if (taken === count) break
      }
      await sockets.allClosed()
      t.ok(source.destroyed)
    }
  }
})

t.test('leads: an error thrown inside `for await` is thrown on, and closes the connection', async t => {
  const { origin, server } = await listen(t, (_request, response) => response.end(large))
  const sockets = watchSockets(server)
  const mine = new Error('mine')
  const error = await failureOf(async () => {
    for await (const _ of leadsByOffset(openClient(t, origin))) throw mine
  })
  t.equal(error, mine)
  await sockets.allClosed()
})

t.test('leads: `for await` throws the reason of an abort', async t => {
  const { origin } = await listen(t, (_request, response) => response.end(large))
  const client = openClient(t, origin)
  const reason = new Error('enough')
  const controller = new AbortController()
  let taken = 0
  const error = await failureOf(async () => {
    for await (const _ of leadsByOffset(client, { signal: controller.signal })) {
      taken += 1
      if (taken === 30) controller.abort(reason)
    }
  })
  t.equal(error, reason)
  t.ok(taken < 60, `${taken} leads`)
  t.equal(await failureOf(leadsByOffset(client, { signal: AbortSignal.abort(reason) }).toArray()), reason)
})

t.test('leads: destroy() in a data handler takes effect at once', async t => {
  const { origin, server } = await listen(t, (_request, response) => response.end(large))
  const sockets = watchSockets(server)
  const source = leadsByOffset(openClient(t, origin))
  let taken = 0
  source.on('data', () => {
    taken += 1
    source.destroy()
  })
  await new Promise(resolve => source.once('close', resolve))
  t.equal(taken, 1)
  await sockets.allClosed()
})

t.test('leads: a destroyed source leaves the client usable', async t => {
  const { origin } = await listen(t, (request, response) => {
    response.end(request.url?.includes('offset=') ? '[]' : large)
  })
  const client = openClient(t, origin, { concurrency: 1 })
  for (let i = 0; i < 5; i += 1) {
    for await (const _ of leadsByOffset(client)) break
  }
  let count = 0
  for await (const _ of leadsByOffset(client)) count += 1
  t.equal(count, 5_000)
})

t.test('leads: a hundred sources with one signal cause no warning, and leave no listener', async t => {
  const warnings: Error[] = []
  const keep = (warning: Error) => void warnings.push(warning)
  process.on('warning', keep)
  t.after(() => process.off('warning', keep))
  const { origin } = await serveLeads(t, someLeads(3))
  const client = openClient(t, origin)
  const { signal } = new AbortController()
  await Promise.all(Array.from({ length: 100 }, () => leadsByOffset(client, { signal }).toArray()))
  await turns(3)
  t.strictSame(warnings, [])
  t.strictSame(getEventListeners(signal, 'abort'), [])
})

t.test('leads: one signal ends all its sources', async t => {
  const { origin } = await listen(t, (_request, response) => response.end(large))
  const client = openClient(t, origin, { concurrency: 2 })
  const controller = new AbortController()
  const all = Array.from({ length: 20 }, () =>
    failureOf(leadsByOffset(client, { signal: controller.signal }).toArray()),
  )
  const reason = new Error('enough')
  await turns(20)
  controller.abort(reason)
  t.ok((await Promise.all(all)).every(error => error === reason))
})
