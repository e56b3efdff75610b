// Invalid leads are quarantined with their raw text and the reason. After a fix, they go through a pipeline again.
import assert from 'node:assert/strict'
import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HubSpotClient, leads, map, quarantined, run, toFile, validate } from 'leadpipe'
import { createPortal, generateLeads } from 'leadpipe/portal'

// In this portal, the score of every tenth lead is text instead of a number.
const withBadScores = [...generateLeads({ count: 200 })].map((lead, index) =>
  index % 10 === 0 ? { ...lead, score: String(lead.score ?? 'none') } : lead,
)
await using portal = await createPortal({ leads: withBadScores })
await using client = new HubSpotClient({ accessToken: portal.accessToken, origin: portal.origin })
const folder = await mkdtemp(join(tmpdir(), 'leadpipe-'))
const rejected = join(folder, 'rejected.ndjson')

const first = await run(
  leads(client, { includeDeleted: true }),
  validate({ onInvalid: 'quarantine', quarantine: rejected, maxInvalid: 0.2 }),
  toFile(join(folder, 'leads.ndjson')),
)
console.log(`${first.records} leads written, ${first.quarantined} quarantined in ${rejected}`)
const [record] = (await readFile(rejected, 'utf8')).split('\n')
const { guid, errors, page, position } = JSON.parse(record ?? '')
console.log('the first one:', { guid, errors, page, position })

const second = await run(
  quarantined(rejected),
  map(lead => ({ ...lead, score: Number(lead.score) || 0 })),
  validate(),
  toFile(join(folder, 'repaired.ndjson')),
)
console.log(`${second.records} repaired`)

assert.equal(first.quarantined, 20)
assert.equal(Number(first.records) + Number(second.records), 200)
