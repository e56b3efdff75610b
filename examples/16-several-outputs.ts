// One download, several outputs: all leads, the form submissions of customers, and the guids for a webhook, which may
// fail. One checkpoint covers them all.
import assert from 'node:assert/strict'
import { mkdtemp, readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  branch,
  explodeEvents,
  filter,
  HubSpotClient,
  leads,
  project,
  run,
  tee,
  toFile,
  toHttp,
  validate,
} from 'leadpipe'
import { createPortal } from 'leadpipe/portal'

await using portal = await createPortal({ leads: 500 })
await using client = new HubSpotClient({ accessToken: portal.accessToken, origin: portal.origin })
const folder = await mkdtemp(join(tmpdir(), 'leadpipe-'))

// A webhook that refuses everything.
const webhook = createServer((request, response) =>
  request.resume().on('end', () => response.writeHead(410).end()),
)
await new Promise<void>(resolve => webhook.listen(0, '127.0.0.1', resolve))
const { port } = webhook.address() as AddressInfo

const report = await run(
  leads(client),
  validate({ onInvalid: 'quarantine', quarantine: join(folder, 'rejected.ndjson') }),
  tee(
    toFile(join(folder, 'leads.ndjson')),
    branch(
      filter(lead => lead.isCustomer),
      explodeEvents(),
      toFile(join(folder, 'customers.ndjson.gz')),
    ),
    branch(project(['guid']), toHttp(`http://127.0.0.1:${port}/guids`), { onError: 'drop' }),
  ),
  { checkpoint: join(folder, 'leads.checkpoint.json') },
)
webhook.close()

console.log(`${report.read} leads`)
for (const { destination, received, dropped } of report.outputs ?? [])
  console.log(`${destination}: ${dropped ?? `${received} records`}`)

const [all, customers, guids] = report.outputs ?? []
const lines = (await readFile(join(folder, 'leads.ndjson'), 'utf8')).split('\n').length - 1
assert.equal(all?.acknowledged, lines)
assert.ok((customers?.acknowledged ?? 0) > 0)
assert.match(guids?.dropped ?? '', /it answered 410/)
