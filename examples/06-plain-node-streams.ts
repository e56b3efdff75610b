// Sources, operators and sinks are real Node streams: a plain pipeline with a Transform of your own, and `for await`.
import assert from 'node:assert/strict'
import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { filter, HubSpotClient, type Lead, leads, toFile } from 'leadpipe'
import { createPortal } from 'leadpipe/portal'

await using portal = await createPortal({ leads: 300 })
await using client = new HubSpotClient({ accessToken: portal.accessToken, origin: portal.origin })
const path = join(await mkdtemp(join(tmpdir(), 'leadpipe-')), 'cities.json')

const toCity = new Transform({
  objectMode: true,
  transform({ guid, city }: Lead, _encoding, callback) {
    callback(null, { guid, city })
  },
})
await pipeline(
  leads(client),
  filter((lead: Lead) => lead.city !== ''),
  toCity,
  toFile(path),
)
const cities: { guid: string; city: string }[] = JSON.parse(await readFile(path, 'utf8'))
console.log(`${cities.length} leads with a city are in ${path}`)

let customers = 0
for await (const lead of leads(client)) {
  if (lead.isCustomer) customers += 1
  // Leaving the loop closes the connection at once.
  if (customers === 3) break
}

assert.ok(cities.every(({ city }) => city !== ''))
assert.equal(customers, 3)
