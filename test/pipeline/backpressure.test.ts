import { once } from 'node:events'
import { Writable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import t from 'tap'
import { HubSpotClient, leads, run } from '../../lib/index.ts'
import { createPortal } from '../../lib/portal/index.ts'
import { countingProxy } from '../support/countingProxy.ts'

t.test('run: a sink that never calls back stops further requests, and an abort ends the run', async t => {
  const portal = await createPortal({ leads: 1_000 })
  t.teardown(() => portal.close())
  await using client = new HubSpotClient({ accessToken: portal.accessToken, origin: portal.origin })
  const abort = new AbortController()
  const reason = new Error('enough')
  let seen = 0
  const stuck = new Writable({
    objectMode: true,
    highWaterMark: 1,
    write() {
      seen += 1
      // Never calls back: gives further requests 500 turns of the event loop, then aborts.
      let turns = 0
      const turn = () => (turns++ < 500 ? setImmediate(turn) : abort.abort(reason))
      turn()
    },
  })
  await t.rejects(run(leads(client), stuck, { signal: abort.signal }), reason)
  t.equal(seen, 1)
  t.equal(portal.requestCount, 1)
})

t.test('leads: destroyed while it emits a lead, it stops the response', async t => {
  const portal = await createPortal({ leads: 300, faults: 'page=1:drip=100,interval=5' })
  t.teardown(() => portal.close())
  const proxy = await countingProxy(t, portal.origin)
  await using client = new HubSpotClient({ accessToken: portal.accessToken, origin: proxy.origin })
  const source = leads(client, { highWaterMark: 1 })
  source.once('data', () => source.destroy())
  await once(source, 'close')
  // What is in flight may still arrive.
  await setTimeout(50)
  const received = proxy.bytes
  await setTimeout(100)
  t.equal(proxy.bytes, received)
})
