import { text as textOf } from 'node:stream/consumers'
import t, { type Test } from 'tap'
import type { Clock } from '../../lib/http/Clock.ts'
import type { HubSpotClient } from '../../lib/hubspot/HubSpotClient.ts'
import { createPortal, type Portal, type RateLimit } from '../../lib/portal/index.ts'
import { leads } from '../../lib/sources/leads.ts'
import { FakeClock } from '../support/FakeClock.ts'
import { failureOf } from '../support/failureOf.ts'
import { listen } from '../support/listen.ts'
import { openClient } from '../support/openClient.ts'
import { turns } from '../support/turns.ts'

/** A portal that shares its clock with its clients, whose waits advance it. */
async function limited(t: Test, rateLimit: RateLimit) {
  const clock = new FakeClock()
  const own = Array.from({ length: 70 }, (_, n) => ({ guid: `${n}`, insertedAt: n + 1 }))
  const portal = await createPortal({ leads: own, rateLimit, now: clock.now })
  t.after(() => portal.close())
  const open = (concurrency = 4) =>
    openClient(t, portal.origin, { concurrency, accessToken: portal.accessToken }, clock)
  return { clock, portal, open }
}

const read = async (client: HubSpotClient, query = 'max=1') =>
  textOf((await client.get('/leads/v1/list', query)).body)
const readMany = (client: HubSpotClient, count: number) =>
  Promise.all(Array.from({ length: count }, () => read(client)))
const refused = ({ requests }: Portal) => requests.filter(({ status }) => status === 429).length

t.test('PortalLimits: an export with more requests than the limit gets no 429', async t => {
  const { portal, open } = await limited(t, { tenSecondly: 20, retryAfter: 'none' })
  const all = await leads(open(), { max: 1 }).toArray()
  t.equal(all.length, 70)
  t.equal(refused(portal), 0)
  t.ok(portal.requestCount >= 70)
})

t.test('PortalLimits: sequential requests are as fast as the window allows', async t => {
  const { clock, portal, open } = await limited(t, { tenSecondly: 20, retryAfter: 'none' })
  const client = open()
  for (let count = 0; count < 70; count += 1) await read(client)
  t.equal(refused(portal), 0)
  t.strictSame(clock.waits, [10_000, 10_000, 10_000])
})

t.test('PortalLimits: concurrent requests get no 429 with a limit by the second', async t => {
  const { portal, open } = await limited(t, { secondly: 7, tenSecondly: 20, retryAfter: 'none' })
  await readMany(open(5), 80)
  t.equal(refused(portal), 0)
  t.equal(portal.requestCount, 80)
})

t.test('PortalLimits: a limit smaller than the concurrency is learnt from the first answers', async t => {
  const { portal, open } = await limited(t, { tenSecondly: 2, retryAfter: 'none' })
  const client = open(8)
  await read(client)
  await readMany(client, 9)
  t.equal(refused(portal), 0)
})

t.test('PortalLimits: all sources of one client share the limit', async t => {
  const { portal, open } = await limited(t, { tenSecondly: 20, retryAfter: 'none' })
  const client = open()
  const all = await Promise.all([10, 15, 20].map(max => leads(client, { max }).toArray()))
  for (const each of [...all, ...(await Promise.all(all.map(() => leads(client, { max: 4 }).toArray())))]) {
    t.equal(each.length, 70)
  }
  t.equal(refused(portal), 0)
})

t.test('PortalLimits: requests of another client are learnt from the answers', async t => {
  const { portal, open } = await limited(t, { tenSecondly: 20, retryAfter: 'none' })
  await readMany(open(), 17)
  const client = open()
  await read(client)
  await readMany(client, 50)
  t.equal(refused(portal), 0)
  t.equal(portal.requestCount, 68)
})

t.test('PortalLimits: two concurrent clients both read everything', async t => {
  const { open } = await limited(t, { tenSecondly: 20, retryAfter: 'none' })
  const all = await Promise.all([open(), open()].map(client => leads(client, { max: 2 }).toArray()))
  t.strictSame(
    all.map(each => each.length),
    [70, 70],
  )
})

/** A clock that does not advance; its waits last until they are aborted or ended. */
class StandingClock implements Clock {
  /** The pending waits. */
  readonly open = new Map<() => void, number>()
  now = () => 0
  monotonic = () => 0
  random = () => 0
  wait = (milliseconds: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      this.open.set(resolve, milliseconds)
      signal?.addEventListener('abort', () => {
        this.open.delete(resolve)
        reject(signal.reason)
      })
    })

  get waits(): number[] {
    return [...this.open.values()]
  }

  /** Ends the waits of this length. */
  end(milliseconds: number): void {
    for (const [resolve, length] of this.open) {
      if (length === milliseconds) {
        this.open.delete(resolve)
        resolve()
      }
    }
  }
}

/** A client whose first answer says that no request remains; its body is not read yet. */
async function exhausted(t: Test) {
  const { origin, targets } = await listen(t, (_request, response) => {
    response.writeHead(200, { 'X-HubSpot-RateLimit-Remaining': '0' }).end('[]')
  })
  const clock = new StandingClock()
  const client = openClient(t, origin, {}, clock)
  const { body } = await client.get('/first', '')
  return { client, clock, targets, body }
}

t.test('PortalLimits: no timer runs while no request is queued', async t => {
  const { client, clock, targets, body } = await exhausted(t)
  t.strictSame(clock.waits, [])
  const controller = new AbortController()
  const { signal } = controller
  const queued = [1, 2, 3].map(() => failureOf(client.get('/queued', '', { signal })))
  await turns(5)
  t.strictSame(clock.waits, [10_000])
  t.equal(targets.length, 1)
  controller.abort('enough')
  t.strictSame(await Promise.all(queued), ['enough', 'enough', 'enough'])
  t.equal(await textOf(body), '[]')
  await turns(5)
  t.strictSame(clock.waits, [], 'no timer is left to keep the process alive')
  const later = failureOf(client.get('/later', ''))
  await turns(5)
  t.strictSame(clock.waits, [10_000], 'the limit still applies')
  await client.close()
  t.match(await later, { code: 'NETWORK', message: 'the client was closed' })
  t.strictSame(clock.waits, [])
})

t.test('PortalLimits: the headers of an error answer count, too', async t => {
  const { origin, targets } = await listen(t, (_request, response) => {
    response.writeHead(targets.length === 1 ? 404 : 200, { 'X-HubSpot-RateLimit-Remaining': '0' }).end('[]')
  })
  const clock = new FakeClock()
  const client = openClient(t, origin, {}, clock)
  t.match(await failureOf(client.get('/missing', '')), { context: { status: 404 } })
  t.strictSame(clock.waits, [])
  t.equal(await textOf((await client.get('/next', '')).body), '[]')
  t.strictSame(clock.waits, [10_000])
})

t.test('PortalLimits: the end of a Retry-After does not end the wait for the window', async t => {
  const { origin, targets } = await listen(t, (_request, response) => {
    response.writeHead(429, { 'Retry-After': '3', 'X-HubSpot-RateLimit-Remaining': '0' }).end()
  })
  const clock = new StandingClock()
  const client = openClient(t, origin, {}, clock)
  const limited = failureOf(client.get('/limited', ''))
  while (clock.waits.length < 2) await turns(1)
  const other = failureOf(client.get('/other', ''))
  await turns(5)
  t.strictSame(clock.waits, [3_000, 3_000, 10_000])
  clock.end(3_000)
  await turns(50)
  t.equal(targets.length, 1)
  t.strictSame(clock.waits, [10_000])
  await client.close()
  for (const error of [await limited, await other]) t.match(error, { code: 'NETWORK' })
})
