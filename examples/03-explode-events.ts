// Makes one record per conversion event of each lead, and then one record per field of each submitted form.
import assert from 'node:assert/strict'
import {
  explodeEvents,
  explodeFormValues,
  HubSpotClient,
  leads,
  project,
  run,
  toArray,
  validate,
} from 'leadpipe'
import { createPortal } from 'leadpipe/portal'

await using portal = await createPortal({ leads: 300 })
await using client = new HubSpotClient({ accessToken: portal.accessToken, origin: portal.origin })

interface Conversion {
  guid: string
  email: string | undefined
  form: string | undefined
  at: number | undefined
}
const conversions = toArray<Conversion>({ max: 10_000 })
await run(
  leads(client),
  validate(),
  explodeEvents(),
  project({
    guid: 'guid',
    email: 'email',
    form: 'conversionEvent.formName',
    at: 'conversionEvent.convertDate',
  }),
  conversions,
)
console.table(conversions.records.slice(0, 5))

const values = await run(
  leads(client),
  explodeEvents(),
  explodeFormValues(),
  project(['guid', 'conversionEvent.formName', 'formValue.fieldName', 'formValue.fieldValue']),
  toArray({ max: 100_000 }),
)
console.log(`${conversions.records.length} conversions, ${values.records} submitted fields`)

assert.ok(conversions.records.every(({ form }) => typeof form === 'string'))
assert.ok(Number(values.records) > conversions.records.length)
