// The leads object of today's HubSpot: work for sales, which belongs to a contact. It is not the lead of 2011.
import assert from 'node:assert/strict'
import { crmObjects, HubSpotClient, project, run, toArray } from 'leadpipe'
import { createPortal } from 'leadpipe/portal'

await using portal = await createPortal({ leads: 200, objects: { leads: 50 } })
await using client = new HubSpotClient({ accessToken: portal.accessToken, origin: portal.origin })

// The token needs the scope crm.objects.leads.read, and the account Sales Hub Professional or Enterprise.
const source = crmObjects(client, 'leads', {
  properties: ['hs_lead_name', 'hs_lead_label', 'hs_pipeline_stage'],
  associations: ['contacts'],
})
const sink = toArray<{ name: unknown; label: unknown; contacts: number }>({ max: 100 })
await run(
  source,
  project({
    name: ({ properties }) => properties.hs_lead_name,
    label: ({ properties }) => properties.hs_lead_label,
    contacts: ({ associations }) => associations?.contacts?.results.length ?? 0,
  }),
  sink,
)
console.table(sink.records.slice(0, 5))

assert.ok(sink.records.length > 40)
assert.ok(sink.records.every(({ name }) => typeof name === 'string'))
