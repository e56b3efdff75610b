// A nightly job for today's contacts: each run exports those that were modified since the run before, to a new file.
import assert from 'node:assert/strict'
import { mkdtemp, readdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { contacts, HubSpotClient, run, toFile } from 'leadpipe'
import { createPortal } from 'leadpipe/portal'

let now = Date.UTC(2026, 10, 1, 2)
await using portal = await createPortal({ leads: 400, now: () => now })
await using client = new HubSpotClient({ accessToken: portal.accessToken, origin: portal.origin })
const folder = await mkdtemp(join(tmpdir(), 'leadpipe-'))

// Search, which finds them, lags behind: each run ends an hour before the present, and the next one continues there.
const everyNight = () =>
  run(
    contacts(client, { modifiedAfter: new Date('2026-10-31'), properties: ['email', 'firstname'] }),
    toFile(join(folder, 'changed-{date}.ndjson')),
    { checkpoint: { path: join(folder, 'changed.checkpoint.json'), whenFinished: 'next' } },
  )

const [ada = '', bob = ''] = portal.crm.insert('contacts', [
  { properties: { email: 'ada@example.com', firstname: 'Ada' } },
  { properties: { email: 'bob@example.com', firstname: 'Bob' } },
])
now += 24 * 3_600_000
const first = await everyNight()
console.log(`the first night: ${first.read} contacts, which are new`)

portal.crm.update('contacts', bob, { firstname: 'Robert' })
now += 24 * 3_600_000
const second = await everyNight()
const since = new Date(Number(second.window?.startTime)).toISOString()
console.log(`the second night: ${second.read} contact, modified since ${since}`)
console.log((await readdir(folder)).toSorted())

assert.notEqual(ada, bob)
assert.equal(first.records, 2)
assert.equal(second.records, 1)
