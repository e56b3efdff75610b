// Prints the leads that were modified last, as a table. leads() is a Readable, so `for await` is enough.
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
// With `limit`, leadpipe requests no more leads than it needs: here, one request.
assert.equal(portal.requestCount, 1)
