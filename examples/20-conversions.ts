// Conversions, one record for each form that a contact has submitted, and the submissions that belong to no contact.
import assert from 'node:assert/strict'
import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { contactsAsLeads, explodeEvents, HubSpotClient, project, run, toFile, validate } from 'leadpipe'
import { createPortal } from 'leadpipe/portal'

await using portal = await createPortal({ leads: 500 })
await using client = new HubSpotClient({ accessToken: portal.accessToken, origin: portal.origin })
const folder = await mkdtemp(join(tmpdir(), 'leadpipe-'))
const [path, unmatched] = [join(folder, 'conversions.ndjson'), join(folder, 'unmatched.ndjson')]

const report = await run(
  contactsAsLeads(client, { unmatched }),
  validate(),
  explodeEvents(),
  project({
    contact: 'guid',
    email: 'email',
    form: 'conversionEvent.formName',
    at: ({ conversionEvent }) => new Date(conversionEvent.convertDate ?? 0).toISOString(),
  }),
  toFile(path),
)

const { read, joined, unmatched: strangers = 0 } = report.submissions ?? assert.fail()
const found = joined.conversionId + joined.time + joined.email
console.log((await readFile(path, 'utf8')).split('\n')[0])
console.log(
  `${report.read} contacts, ${found} of ${read} submissions are theirs; the others are in ${unmatched}`,
)

assert.equal(report.records, found)
assert.equal(read, found + strangers)
