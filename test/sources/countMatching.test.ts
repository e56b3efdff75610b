import type { ServerResponse } from 'node:http'
import t, { type Test } from 'tap'
import type { HubSpotClientOptions } from '../../lib/hubspot/options.ts'
import { createPortal } from '../../lib/portal/index.ts'
import { countMatching } from '../../lib/sources/countMatching.ts'
import { eventually } from '../support/eventually.ts'
import { FakeClock } from '../support/FakeClock.ts'
import { failureOf } from '../support/failureOf.ts'
import { listen } from '../support/listen.ts'
import { openClient } from '../support/openClient.ts'
import { serveLeads } from '../support/serveLeads.ts'

const list = Array.from({ length: 10 }, (_, n) => ({ guid: `lead-${n}`, insertedAt: 1_000_000 + n }))

/** The offsets of the requests, in order. */
const probed = [0, 1, 2, 4, 8, 16, 12, 10, 9]

const offsetOf = (target = '/') => Number(new URL(target, 'http://localhost').searchParams.get('offset') ?? 0)

/** Counts the list of a portal with these faults; `offsets` are those of its requests. */
async function counted(t: Test, faults: string, options: HubSpotClientOptions = {}) {
  const portal = await createPortal({ leads: list, faults })
  t.after(() => portal.close())
  const client = openClient(t, portal.origin, { accessToken: portal.accessToken, ...options })
  const outcome = await countMatching(client, {}).catch((error: unknown) => error)
  return { outcome, offsets: portal.requests.map(({ url }) => offsetOf(url)) }
}

t.test('countMatching: each offset is requested once', async t => {
  const { origin, targets } = await serveLeads(t, list)
  t.equal(await countMatching(openClient(t, origin), {}), 10)
  t.strictSame(targets.map(offsetOf), probed)
})

const survived = [
  'cut=0',
  'cut=0.5',
  'cut=0.999',
  'cut=0.5,framing=chunked',
  'cut=0.5,framing=whole',
  'status=503',
  'reset',
]
for (const fault of survived) {
  for (const when of ['#3,4,8', 'every=2']) {
    t.test(
      `countMatching: ${when}:${fault}: a page that fails is requested again, and the count is right`,
      async t => {
        const { outcome, offsets } = await counted(t, `${when}:${fault}`)
        t.equal(outcome, 10)
        t.strictSame([...new Set(offsets)], probed)
      },
    )
  }
}

t.test('countMatching: a page that always breaks off fails the count after the retries', async t => {
  const { outcome, offsets } = await counted(t, '#3-:cut=0.5', { retry: { retries: 2 } })
  t.match(outcome, { code: 'NETWORK' })
  t.strictSame(offsets, [0, 1, 2, 2, 2])
})

t.test(
  'countMatching: a lead that was complete before its body broke off is not requested again',
  async t => {
    const { origin, targets } = await listen(t, ({ url }, response) => {
      const lead = list[offsetOf(url)]
      if (lead === undefined) return response.end('[]')
      response.setHeader('Content-Length', 1_000)
      return response.write(`[${JSON.stringify(lead)}`, () => response.destroy())
    })
    t.equal(await countMatching(openClient(t, origin), {}), 10)
    t.strictSame(targets.map(offsetOf), probed)
  },
)

t.test('countMatching: an element that is not a lead is counted', async t => {
  const { outcome } = await counted(t, 'page=1-2:element=null; page=3:garbage=malformed')
  t.equal(outcome, 10)
})

t.test('countMatching: a server that ignores the offset is PAGING, not an endless list', async t => {
  const { origin } = await listen(t, (_, response) => response.end('[{}]'))
  t.match(await failureOf(countMatching(openClient(t, origin), {})), {
    code: 'PAGING',
    message: 'the server ignores offset',
  })
})

const waits: Record<string, (response: ServerResponse) => void> = {
  'an answer': () => {},
  'the rest of a body': response => void response.write('[{"guid":"lead'),
  'the next attempt': response => void response.write('[', () => response.destroy()),
}
for (const [what, answer] of Object.entries(waits)) {
  t.test(`countMatching: an abort ends a count that waits for ${what}, and leaves no connection`, async t => {
    const { origin, targets, connections } = await listen(t, ({ url }, response) =>
      offsetOf(url) < 2 ? response.end('[{}]') : answer(response),
    )
    const clock = new FakeClock()
    clock.hold = true
    const client = openClient(t, origin, {}, clock)
    const abort = new AbortController()
    const counting = failureOf(countMatching(client, {}, abort.signal))
    const isWaiting = () => (what === 'the next attempt' ? clock.waits.length === 1 : targets.length === 3)
    t.equal(await eventually(isWaiting, true), true)
    abort.abort('no')
    t.equal(await counting, 'no')
    t.strictSame(targets.map(offsetOf), [0, 1, 2])
    await client.close()
    t.equal(await eventually(connections, 0), 0)
  })
}

t.test('countMatching: nothing is requested after an abort', async t => {
  const { origin, targets } = await serveLeads(t, list)
  t.equal(await failureOf(countMatching(openClient(t, origin), {}, AbortSignal.abort('no'))), 'no')
  t.strictSame(targets, [])
})
