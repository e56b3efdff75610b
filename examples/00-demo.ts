// Exports every lead of a portal to a file. It uses the embedded portal, so it needs no account.
import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import { HubSpotClient, leads, run, toFile, validate } from 'leadpipe'
import { createPortal } from 'leadpipe/portal'

const path = resolve('demo/leads.ndjson')
await mkdir('demo', { recursive: true })

console.log('starting a portal of 5,000 leads …')
await using portal = await createPortal({ leads: 5_000 })
console.log(`it listens at ${portal.origin}\n`)

await using client = new HubSpotClient({ accessToken: portal.accessToken, origin: portal.origin })
const report = await run(leads(client, { includeDeleted: true }), validate(), toFile(path), {
  onProgress: ({ read, source }) => console.log(`  ${read} leads, ${source?.pages} pages`),
  progressInterval: 200,
})

console.log(`
  ${report.read} leads in ${report.source?.pages} pages, ${report.source?.requests} requests
  ${report.records} records written, ${report.sink.bytes} bytes
  ${report.duration} ms; the numbers of every stage add up

the leads are in ${path}`)

assert.equal(report.records, 5_000)
