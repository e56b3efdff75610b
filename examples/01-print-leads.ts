// Print the first leads of a portal as a table. leads() is a Readable: `for await` is all it takes.
import assert from 'node:assert/strict'
import { HubSpotClient, leads } from 'leadpipe'
import { createPortal } from 'leadpipe/portal'

await using portal = await createPortal({ leads: 200 })
await using client = new HubSpotClient({ accessToken: portal.accessToken, origin: portal.origin })

const rows = []
for await (const lead of leads(client, { sort: 'lastModifiedAt', dir: 'desc', limit: 10 })) {
  rows.push({ email: lead.email, modified: new Date(lead.lastModifiedAt ?? 0).toISOString() })
}
console.table(rows)

assert.equal(rows.length, 10)
// One request was enough: `limit` asks for no more than it needs.
assert.equal(portal.requestCount, 1)
