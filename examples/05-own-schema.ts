// A schema of your own: leads that do not match it are skipped and counted. You give its type to `validate`.
import assert from 'node:assert/strict'
import { HubSpotClient, leads, run, toArray, validate } from 'leadpipe'
import { createPortal } from 'leadpipe/portal'

interface Reachable {
  guid: string
  email: string
  phone: string
}
const reachable = {
  type: 'object',
  required: ['guid', 'email', 'phone'],
  properties: {
    guid: { type: 'string' },
    email: { type: 'string', pattern: '^[^@\\s]+@[^@\\s]+$' },
    phone: { type: 'string', minLength: 1 },
  },
}

await using portal = await createPortal({ leads: 300 })
await using client = new HubSpotClient({ accessToken: portal.accessToken, origin: portal.origin })

const sink = toArray<Reachable>({ max: 1_000 })
const report = await run(
  leads(client, { bounced: false }),
  validate<Reachable>({ schema: reachable, onInvalid: 'skip' }),
  sink,
)
console.log(`${report.records} leads can be reached by email and phone, ${report.skipped} can't`)

assert.equal(Number(report.records) + report.skipped, report.read)
assert.ok(sink.records.every(lead => lead.email.includes('@') && lead.phone !== ''))
