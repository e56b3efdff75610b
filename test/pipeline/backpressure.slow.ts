import { execFile } from 'node:child_process'
import { Writable } from 'node:stream'
import { promisify } from 'node:util'
import t from 'tap'
import { HubSpotClient, type Lead, leads, run, validate } from '../../lib/index.ts'
import { createPortal } from '../../lib/portal/index.ts'
import { compileChild } from '../support/compileChild.ts'
import { countingProxy } from '../support/countingProxy.ts'
import { leastPeak } from '../support/leastPeak.ts'
import { plainNode } from '../support/plainNode.ts'
import { serveOneBody } from '../support/serveOneBody.ts'

/**
 * Bytes that may be between the portal and the sink: above all the kernel's receive buffer, which grows to
 * 32 MiB for a fast sender, its send buffer of 4 MiB, and the buffers of streams and decoder.
 */
const inFlight = 64 * 1024 * 1024

t.test("run: a sink that accepts one record at a time stops the writes of the portal's socket", async t => {
  const text = 'x'.repeat(2_000_000)
  const count = 100
  const portal = await createPortal({
    leads: Array.from({ length: count }, (_, index) => ({ guid: `lead-${index}`, message: text })),
  })
  t.teardown(() => portal.close())
  const proxy = await countingProxy(t, portal.origin)
  await using client = new HubSpotClient({ accessToken: portal.accessToken, origin: proxy.origin })

  let accepted = 0
  let furthest = 0
  const slow = new Writable({
    objectMode: true,
    highWaterMark: 1,
    write(_lead: Lead, _encoding, callback) {
      accepted += text.length
      furthest = Math.max(furthest, proxy.bytes - accepted)
      // Every queue of the event loop has a turn before the next record, so that a sender could send more.
      setImmediate(() => setImmediate(callback))
    },
  })
  const report = await run(leads(client, { highWaterMark: 1 }), validate(), slow)
  t.equal(report.read, count)
  t.ok(furthest < inFlight, `at most ${furthest} bytes were ahead of the sink, of ${count * text.length}`)
})

t.test('run: a slow sink needs no more memory than a fast one', async t => {
  const count = 30_000
  const { origin } = await serveOneBody(t, count)
  const script = await compileChild('exportInto', t.testdir())
  const [command, ...node] = plainNode
  const peak = async (speed: 'fast' | 'slow') => {
    const { stdout } = await promisify(execFile)(command, [...node, script, origin, speed])
    const { records, peakMegabytes } = JSON.parse(stdout)
    t.equal(records, count)
    return peakMegabytes
  }
  const fast = await peak('fast')
  // The tolerance is a third of what is sent.
  const most = fast + 50
  const slow = await leastPeak(() => peak('slow'), most)
  t.ok(slow < most, `slow ${slow} MB, fast ${fast} MB`)
})
