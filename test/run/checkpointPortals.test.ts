import t, { type Test } from 'tap'
import type { CheckpointOptions, Lead } from '../../lib/index.ts'
import { toFile } from '../../lib/sinks/toFile.ts'
import type { LeadState } from '../../lib/sources/LeadRun.ts'
import { leads } from '../../lib/sources/leads.ts'
import { failureOf } from '../support/failureOf.ts'
import { listServer } from '../support/ListServer.ts'
import { listen } from '../support/listen.ts'
import { openClient } from '../support/openClient.ts'
import { runWithCheckpoint } from '../support/runWithCheckpoint.ts'
import { Workplace } from '../support/Workplace.ts'
import type { Moment } from '../support/watchSaves.ts'

const minute = 60_000
const now = Date.now()

/** Leads of the last minutes, so that the next window contains them as well. */
const leadsOf = (portalId: number | undefined) =>
  Array.from({ length: 40 }, (_, n) => {
    const [guid, time] = [`lead-${n}`, now - 5 * minute + n]
    return { guid, time, text: JSON.stringify({ guid, insertedAt: time, portalId }) }
  })

/** Starts one server for all accounts: the access token selects the leads. Returns its origin. */
async function accounts(t: Test) {
  const reading = { startTime: 'exclusive', stopTime: 'inclusive' } as const
  const lists = Object.fromEntries(
    [1, 77, undefined].map(id => [`token-of-${id}`, listServer(leadsOf(id), reading)]),
  )
  const { origin } = await listen(t, (request, response) => {
    const token = new URL(request.url ?? '', 'http://x').searchParams.get('access_token') ?? ''
    lists[token]?.(request, response)
  })
  return origin
}

/** Exports the leads of one account. */
function exportAccount(
  t: Test,
  work: Workplace,
  origin: string,
  portalId: number | undefined,
  checkpoint: Partial<CheckpointOptions> = {},
  onMoment?: (moment: Moment) => void,
) {
  const client = openClient(t, origin, { accessToken: `token-of-${portalId}` })
  return runWithCheckpoint(work, {
    source: leads(client, { max: 10, readAheadBytes: 0 }),
    waits: true,
    sink: toFile(work.file('out-{time}.ndjson')),
    every: 10,
    checkpoint,
    onMoment,
  })
}

const of77 = {
  code: 'CHECKPOINT',
  message:
    'the leads are of portal 77, and those before the restart are of portal 1; give an access token of the same account, or delete the checkpoint to start again',
  context: { saved: 1, now: 77 },
}

const output = (work: Workplace) => work.names.find(name => name.startsWith('out')) as string

t.test("checkpoint: resuming with another account's access token is a CHECKPOINT error", async t => {
  const origin = await accounts(t)
  const work = new Workplace(t)
  await exportAccount(t, work, origin, 1, {}, work.keep)
  const contents = work.contents(output(work))
  let compared = 0
  for (const snapshot of work.snapshots) {
    work.goBack(snapshot)
    const { portalId, counts } = work.saved.state.source as LeadState
    // Before the first lead, the account is not known yet; after the last, no lead arrives to compare.
    if (counts.delivered === 0 || counts.delivered === 40) continue
    compared += 1
    t.equal(portalId, 1)
    for (let again = 0; again < 2; again += 1) {
      const error = await failureOf(exportAccount(t, work, origin, 77))
      t.match(error, { ...of77, report: { read: counts.delivered } })
    }
    t.match(await exportAccount(t, work, origin, 1), { read: 40 })
    t.equal(work.contents(output(work)), contents)
  }
  t.equal(compared, 3)
})

t.test("checkpoint: the next window with another account's access token is a CHECKPOINT error", async t => {
  const origin = await accounts(t)
  const work = new Workplace(t)
  const next = { whenFinished: 'next' } as const
  t.match(await exportAccount(t, work, origin, 1, next), { read: 40 })
  work.rename(output(work), 'first.ndjson')
  for (let again = 0; again < 2; again += 1) {
    t.match(await failureOf(exportAccount(t, work, origin, 77, next)), of77)
  }
  t.match(await exportAccount(t, work, origin, 1, next), { read: 40 })
  t.ok(work.lines<Lead>(output(work)).every(({ portalId }) => portalId === 1))
})

t.test('checkpoint: leads without a portalId are accepted from any account', async t => {
  const origin = await accounts(t)
  for (const [first, then] of [
    [undefined, 77],
    [1, undefined],
  ] as const) {
    const work = new Workplace(t)
    await exportAccount(t, work, origin, first, {}, work.keep)
    work.goBack(work.snapshots[2] as never)
    t.match(await exportAccount(t, work, origin, then), { read: 40 })
  }
})
