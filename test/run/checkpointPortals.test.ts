import t, { type Test } from 'tap'
import type { CheckpointOptions, Lead } from '../../lib/index.ts'
import { run } from '../../lib/run/run.ts'
import { toFile } from '../../lib/sinks/toFile.ts'
import { leads } from '../../lib/sources/leads.ts'
import type { SourceState } from '../../lib/sources/SourceCounts.ts'
import { failureOf } from '../support/failureOf.ts'
import { listServer } from '../support/ListServer.ts'
import { listen } from '../support/listen.ts'
import { openClient } from '../support/openClient.ts'
import { paced } from '../support/paced.ts'
import { Workplace } from '../support/Workplace.ts'
import { type Moment, watchSaves } from '../support/watchSaves.ts'

const minute = 60_000
const now = Date.now()

/** Leads of the last minutes, so that the next window has them, too. */
const leadsOf = (portalId: number | undefined) =>
  Array.from({ length: 40 }, (_, n) => {
    const [guid, time] = [`lead-${n}`, now - 5 * minute + n]
    return { guid, time, text: JSON.stringify({ guid, insertedAt: time, portalId }) }
  })

/** One origin for every account: the access token says whose leads they are. */
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

function start(
  t: Test,
  work: Workplace,
  origin: string,
  portalId: number | undefined,
  checkpoint: Partial<CheckpointOptions> = {},
  look = (_: Moment) => {},
) {
  const client = openClient(t, origin, { accessToken: `token-of-${portalId}` })
  return run(
    leads(client, { max: 10, readAheadBytes: 0 }),
    paced<Lead>(),
    watchSaves(toFile(work.file('out-{time}.ndjson')), look),
    { checkpoint: { path: work.checkpoint, every: { leads: 10 }, ...checkpoint } },
  )
}

const of77 = {
  code: 'CHECKPOINT',
  message:
    'the leads are of portal 77, and those before the restart are of portal 1; give an access token of the same account, or delete the checkpoint to start again',
  context: { saved: 1, now: 77 },
}

const output = (work: Workplace) => work.names.find(name => name.startsWith('out')) as string

t.test("another account's access token does not go on with a run: no lead of it is handed on", async t => {
  const origin = await accounts(t)
  const work = new Workplace(t)
  await start(t, work, origin, 1, {}, work.keep)
  const contents = work.contents(output(work))
  let compared = 0
  for (const snapshot of work.snapshots) {
    work.goBack(snapshot)
    const { portalId, counts } = work.saved.state.source as SourceState
    // Before the first lead, nobody knows whose they are; behind the last, none comes.
    if (counts.delivered === 0 || counts.delivered === 40) continue
    compared += 1
    t.equal(portalId, 1)
    for (let again = 0; again < 2; again += 1) {
      const error = await failureOf(start(t, work, origin, 77))
      t.match(error, { ...of77, report: { leads: counts.delivered } })
    }
    t.match(await start(t, work, origin, 1), { leads: 40 })
    t.equal(work.contents(output(work)), contents)
  }
  t.equal(compared, 3)
})

t.test('nor does it read the window that follows', async t => {
  const origin = await accounts(t)
  const work = new Workplace(t)
  const next = { whenFinished: 'next' } as const
  t.match(await start(t, work, origin, 1, next), { leads: 40 })
  work.rename(output(work), 'first.ndjson')
  for (let again = 0; again < 2; again += 1) {
    t.match(await failureOf(start(t, work, origin, 77, next)), of77)
  }
  t.match(await start(t, work, origin, 1, next), { leads: 40 })
  t.ok(work.lines<Lead>(output(work)).every(({ portalId }) => portalId === 1))
})

t.test('leads that carry no portalId are not compared', async t => {
  const origin = await accounts(t)
  for (const [first, then] of [
    [undefined, 77],
    [1, undefined],
  ] as const) {
    const work = new Workplace(t)
    await start(t, work, origin, first, {}, work.keep)
    work.goBack(work.snapshots[2] as never)
    t.match(await start(t, work, origin, then), { leads: 40 })
  }
})
