// Writes the customers of a portal as flat records to a compressed file.
import assert from 'node:assert/strict'
import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { filter, HubSpotClient, leads, project, run, toFile, validate } from 'leadpipe'
import { createPortal } from 'leadpipe/portal'

await using portal = await createPortal({ leads: 500 })
await using client = new HubSpotClient({ accessToken: portal.accessToken, origin: portal.origin })
const path = join(await mkdtemp(join(tmpdir(), 'leadpipe-')), 'customers.ndjson.gz')

const report = await run(
  leads(client),
  validate({ onInvalid: 'skip' }),
  filter(lead => lead.isCustomer),
  project({
    id: 'guid',
    name: lead => `${lead.firstName} ${lead.lastName}`.trim(),
    status: 'crmDetails.status',
    closed: lead => new Date(lead.closedAt ?? 0).toISOString(),
  }),
  toFile(path),
)
console.log(`${report.records} customers of ${report.read} leads are in ${path}`)

const lines = gunzipSync(await readFile(path))
  .toString()
  .trimEnd()
  .split('\n')
assert.equal(lines.length, report.records)
assert.deepEqual(Object.keys(JSON.parse(lines[0] ?? '')), ['id', 'name', 'status', 'closed'])
