// A `for await` loop, without run(), that stores its position as plain JSON and resumes from it.
import assert from 'node:assert/strict'
import { HubSpotClient, leads, type Position } from 'leadpipe'
import { createPortal } from 'leadpipe/portal'

await using portal = await createPortal({ leads: 300 })
await using client = new HubSpotClient({ accessToken: portal.accessToken, origin: portal.origin })
const guids: (string | undefined)[] = []
let stored = ''

const source = leads(client, { includeDeleted: true })
for await (const lead of source) {
  guids.push(lead.guid)
  stored = JSON.stringify(source.position)
  if (guids.length === 123) break
}
console.log('stopped at', stored)

const from = JSON.parse(stored) as Position
for await (const lead of leads(client, { includeDeleted: true, from })) guids.push(lead.guid)
console.log(`${guids.length} leads, ${new Set(guids).size} different ones`)

assert.equal(guids.length, 300)
assert.equal(new Set(guids).size, 300)
