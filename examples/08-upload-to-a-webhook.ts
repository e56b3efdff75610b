// Posts conversions to a webhook that often fails. Every record arrives, and the webhook recognises repetitions.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { explodeEvents, HubSpotClient, leads, project, run, toHttp } from 'leadpipe'
import { createPortal } from 'leadpipe/portal'

// Of three requests, the webhook answers one with 200 and one with 503, and closes the connection of one. It stores the
// batch each time: the Idempotency-Key says whether it is a repetition.
const batches = new Map<string, string>()
let requests = 0
const webhook = createServer(async (request, response) => {
  requests += 1
  const key = String(request.headers['idempotency-key'])
  const body = await text(request)
  assert.ok(!batches.has(key) || batches.get(key) === body, 'a repeated key has the same body')
  batches.set(key, body)
  if (requests % 3 === 0) request.socket.destroy()
  else response.writeHead(requests % 3 === 1 ? 200 : 503).end()
}).listen(0, '127.0.0.1')
await once(webhook, 'listening')
const url = `http://127.0.0.1:${(webhook.address() as AddressInfo).port}/conversions`

await using portal = await createPortal({ leads: 500 })
await using client = new HubSpotClient({ accessToken: portal.accessToken, origin: portal.origin })

const report = await run(
  leads(client),
  explodeEvents(),
  project({ guid: 'guid', form: 'conversionEvent.formName', at: 'conversionEvent.convertDate' }),
  toHttp(url, { batch: { records: 25 }, retry: { retries: 10, minDelay: 1, maxDelay: 5 } }),
)
webhook.close()

const arrived = [...batches.values()].join('').trimEnd().split('\n')
console.log(`${report.records} conversions in ${batches.size} batches and ${requests} requests`)

assert.equal(arrived.length, report.records)
assert.ok(requests > batches.size)
