// Asks a server about the company of each lead, eight requests at a time. The records keep the order of the leads.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { HubSpotClient, type Lead, leads, map, run, toArray } from 'leadpipe'
import { createPortal } from 'leadpipe/portal'

// The server answers each request after up to 20 ms, so the answers arrive in another order than the requests.
let atOnce = 0
let most = 0
const companies = createServer(async (request, response) => {
  atOnce += 1
  most = Math.max(most, atOnce)
  await setTimeout(Math.random() * 20)
  atOnce -= 1
  response.end(JSON.stringify({ name: `The company at ${request.url?.slice(1)}` }))
}).listen(0, '127.0.0.1')
await once(companies, 'listening')
const origin = `http://127.0.0.1:${(companies.address() as AddressInfo).port}`

/** The signal cancels requests whose answers are no longer needed, for example when another one fails. */
const withCompany = map(
  async ({ guid, email = '' }: Lead, { signal }) => {
    const domain = email.split('@')[1] ?? 'unknown'
    const response = await fetch(`${origin}/${domain}`, { signal })
    const { name } = (await response.json()) as { name: string }
    return { guid, company: name }
  },
  { concurrency: 8 },
)

await using portal = await createPortal({ leads: 500 })
await using client = new HubSpotClient({ accessToken: portal.accessToken, origin: portal.origin })
const plain = toArray<Lead>({ max: 500 })
await run(leads(client), plain)

const sink = toArray<{ guid: string | undefined; company: string }>({ max: 500 })
const report = await run(leads(client), withCompany, sink)
companies.close()
console.log(`${report.records} leads with their companies, up to ${most} requests at a time`)

assert.equal(most, 8)
assert.deepEqual(
  sink.records.map(({ guid }) => guid),
  plain.records.map(({ guid }) => guid),
)
