// Gets the leads of ten thousand guids, 100 per request. Each guid is requested once, and missing leads are reported.
import assert from 'node:assert/strict'
import { HubSpotClient, leads, project, run, toArray } from 'leadpipe'
import { createPortal, generateLeads } from 'leadpipe/portal'

await using portal = await createPortal({ leads: 10_000 })
await using client = new HubSpotClient({
  accessToken: portal.accessToken,
  origin: portal.origin,
  rateLimit: 'none',
})

/** Guids may come from anywhere, at any speed: leadpipe takes as many as the next page needs. */
async function* guids() {
  for (const { guid } of generateLeads({ count: 10_000 })) yield guid
  yield 'nobody-has-this-guid'
}

const sink = toArray<{ guid: string; email: string | undefined }>({ max: 10_000 })
const report = await run(
  leads(client, { guids: guids(), includeDeleted: true }),
  project({ guid: 'guid', email: 'email' }),
  sink,
)
console.log(
  `${report.records} leads in ${report.source?.requests} requests, ${report.missing?.count} missing`,
)

assert.equal(report.records, 10_000)
assert.equal(new Set(sink.records.map(({ guid }) => guid)).size, 10_000)
assert.deepEqual(report.missing?.guids, ['nobody-has-this-guid'])
