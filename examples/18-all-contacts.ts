// Every contact of today's HubSpot to a file, with the companies that it belongs to. A real account needs only the
// access token of a private app: `new HubSpotClient({ accessToken })`.
import assert from 'node:assert/strict'
import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { contacts, HubSpotClient, run, toFile } from 'leadpipe'
import { createPortal } from 'leadpipe/portal'

await using portal = await createPortal({ leads: 500, objects: { companies: 100 } })
await using client = new HubSpotClient({ accessToken: portal.accessToken, origin: portal.origin })
const folder = await mkdtemp(join(tmpdir(), 'leadpipe-'))
const path = join(folder, 'contacts.ndjson')

// Names that the portal does not have are an error before the file exists. `types` makes numbers and booleans of text.
const source = contacts(client, {
  properties: ['email', 'firstname', 'lastname', 'num_conversion_events'],
  associations: ['companies'],
  types: true,
})
const report = await run(source, toFile(path), { checkpoint: join(folder, 'contacts.checkpoint.json') })

const [, second = ''] = (await readFile(path, 'utf8')).split('\n')
console.log(second)
console.log(`${report.read} contacts are in ${path}`)

assert.equal(report.records, portal.leads - portal.deleted)
assert.equal(typeof JSON.parse(second).properties.num_conversion_events, 'number')
