// A nightly job: each run exports what was modified since the run before, to a new file.
import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HubSpotClient, leads, project, run, toFile } from 'leadpipe'
import { createPortal } from 'leadpipe/portal'

let now = Date.UTC(2026, 0, 1, 2)
await using portal = await createPortal({ leads: 400, now: () => now })
await using client = new HubSpotClient({ accessToken: portal.accessToken, origin: portal.origin })
const folder = await mkdtemp(join(tmpdir(), 'leadpipe-'))

const everyNight = () =>
  run(
    leads(client, { timePivot: 'lastModifiedAt', includeDeleted: true }),
    project(['guid', 'lastModifiedAt']),
    toFile(join(folder, 'modified-{date}.ndjson')),
    { checkpoint: { path: join(folder, 'modified.checkpoint.json'), whenFinished: 'next' } },
  )

const first = await everyNight()
console.log(`the first night: all ${first.records} leads`)

now += 12 * 3_600_000
const { guid } = JSON.parse(
  (await readFile(join(folder, 'modified-2026-01-01.ndjson'), 'utf8')).split('\n')[7] ?? '',
)
portal.update(guid, { email: 'new@example.com' })

now += 12 * 3_600_000
const second = await everyNight()
console.log(
  `the second night: ${second.records} lead, modified since ${new Date(Number(second.window?.startTime)).toISOString()}`,
)
console.log((await readdir(folder)).toSorted())

assert.equal(first.records, 400)
assert.equal(second.records, 1)
