// Exports every contact of a portal to a file. It uses the embedded portal, so it needs no account.
import assert from 'node:assert/strict'
import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import { contacts, HubSpotClient, run, toFile } from 'leadpipe'
import { createPortal } from 'leadpipe/portal'

const path = resolve('demo/contacts.ndjson')
await mkdir('demo', { recursive: true })

console.log('starting a portal of 5,000 contacts …')
await using portal = await createPortal({ leads: 5_000 })
console.log(`it listens at ${portal.origin}\n`)

await using client = new HubSpotClient({ accessToken: portal.accessToken, origin: portal.origin })
const properties = ['email', 'firstname', 'lastname', 'company', 'lifecyclestage'] as const
const report = await run(contacts(client, { properties, archived: 'both' }), toFile(path), {
  onProgress: ({ read, source }) => console.log(`  ${read} contacts, ${source?.pages} pages`),
  progressInterval: 200,
})

console.log(`
  ${report.read} contacts in ${report.source?.pages} pages, ${report.source?.requests} requests
  ${report.records} records written, ${report.sink.bytes} bytes
  ${report.duration} ms; the numbers of every stage add up

the contacts are in ${path}`)

assert.equal(report.records, 5_000)
