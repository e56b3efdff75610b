import t, { type Test } from 'tap'
import type { Lead, LeadSource, Report } from '../../lib/index.ts'
import { createPortal } from '../../lib/portal/index.ts'
import { run } from '../../lib/run/run.ts'
import { toFile } from '../../lib/sinks/toFile.ts'
import { leads } from '../../lib/sources/leads.ts'
import type { SourceState } from '../../lib/sources/SourceCounts.ts'
import { countsOf } from '../support/countsOf.ts'
import { failureOf } from '../support/failureOf.ts'
import { openClient } from '../support/openClient.ts'
import { paced } from '../support/paced.ts'
import { Workplace } from '../support/Workplace.ts'
import { type Moment, watchSaves } from '../support/watchSaves.ts'

const portal = await createPortal({
  leads: Array.from({ length: 120 }, (_, n) => ({ guid: `lead-${n}`, insertedAt: 1_000_000 + (n % 10) })),
})
t.teardown(() => portal.close())
const name = 'out.ndjson'

const client = (t: Test) => openClient(t, portal.origin, { accessToken: portal.accessToken })
/** Every second is not there, and some come twice. */
const guids = Array.from({ length: 150 }, (_, n) => (n % 2 === 0 ? `lead-${n % 118}` : `nobody-${n}`))
const missing = new Set(guids.filter(guid => guid.startsWith('nobody')))

const ways: Record<string, (t: Test) => LeadSource> = {
  'by offset': t => leads(client(t), { max: 9, paging: 'offset' }),
  'sorted, from an offset': t => leads(client(t), { max: 9, sort: 'guid', dir: 'desc', offset: 13 }),
  'by offset, up to a limit': t => leads(client(t), { max: 9, paging: 'offset', limit: 70 }),
  'by time, with ties larger than a page': t => leads(client(t), { max: 5 }),
  'by guid': t => leads(client(t), { guids, max: 20 }),
  'by guids of an iterable': t =>
    leads(client(t), {
      max: 20,
      guids: (function* () {
        yield* guids
      })(),
    }),
}

const start = (work: Workplace, source: LeadSource, look = (_: Moment) => {}, waits = true) =>
  run(source, paced<Lead>(waits), watchSaves(toFile(work.file(name)), look), {
    checkpoint: { path: work.checkpoint, every: { leads: 7 } },
  })

for (const [way, source] of Object.entries(ways)) {
  t.test(`${way}: from each checkpoint, the same leads come in the same order`, async t => {
    const work = new Workplace(t)
    const undisturbed = await start(work, source(t), work.keep)
    const contents = work.contents(name)
    t.ok(work.snapshots.length > 5)
    work.clear()
    await start(work, source(t), work.keep, false)
    t.equal(work.contents(name), contents, 'saved while leads come')
    if (way.includes('guid')) {
      t.equal(undisturbed.missing?.count, missing.size)
      t.strictSame(new Set(undisturbed.missing?.guids), missing)
    }
    for (const [index, snapshot] of work.snapshots.entries()) {
      work.goBack(snapshot)
      const report = await start(work, source(t), undefined, index % 2 === 0)
      t.equal(work.contents(name), contents, `from moment ${index}, ${snapshot.moment}`)
      t.strictSame(withoutMissing(report), withoutMissing(undisturbed))
    }
  })
}

/** What is missing has a test of its own. */
const withoutMissing = (report: Report) => ({ ...countsOf(report), missing: undefined })

t.test('what did not come of the guids is counted once over restarts', async t => {
  const work = new Workplace(t)
  const source = () => leads(client(t), { guids, max: 20 })
  const undisturbed = await start(work, source(), work.keep)
  for (const snapshot of work.snapshots) {
    work.goBack(snapshot)
    t.strictSame((await start(work, source())).missing, undisturbed.missing)
  }
})

t.test('other guids are another run; so is another order of the same', async t => {
  const work = new Workplace(t)
  await start(work, leads(client(t), { guids: ['lead-1', 'lead-2'] }))
  for (const other of [['lead-2', 'lead-1'], ['lead-1'], ['lead-1', 'lead-2', 'lead-3']]) {
    t.match(await failureOf(start(work, leads(client(t), { guids: other }))), {
      code: 'CHECKPOINT',
      message:
        /source\.guids was one whose digest is [0-9a-f]{12}… and is one whose digest is [0-9a-f]{12}… now/,
    })
  }
})

t.test('other guids of an iterable do not go on where those of before were left', async t => {
  const first = Array.from({ length: 60 }, (_, n) => `lead-${n}`)
  const others: Record<string, string[]> = {
    'others from the first on': first.map((_, n) => `lead-${n + 60}`),
    'another order': ['lead-1', 'lead-0', ...first.slice(2)],
    fewer: first.slice(0, 5),
    'one more in front': ['lead-100', ...first],
  }
  const work = new Workplace(t)
  const source = (guids: Iterable<string>) => leads(client(t), { guids: new Set(guids), max: 10 })
  await start(work, source(first), work.keep)
  const contents = work.contents(name)
  let refused = 0
  for (const snapshot of work.snapshots.filter(({ moment }) => moment === 'saved')) {
    for (const [what, guids] of Object.entries(others)) {
      work.goBack(snapshot)
      const { position, ended } = work.saved.state.source as SourceState
      if (ended || position.paging !== 'guids' || position.guids < 10) continue
      refused += 1
      const { everything } = work
      const { requestCount } = portal
      const message = `the first ${position.guids} guids of the query are not those of the checkpoint; give the same guids in the same order, or delete the checkpoint to start again`
      t.match(await failureOf(start(work, source(guids))), { code: 'CHECKPOINT', message }, what)
      t.equal(portal.requestCount, requestCount)
      t.strictSame(work.everything, everything)
    }
    work.goBack(snapshot)
    t.match(await start(work, source([...first, 'lead-0'])), { leads: 60 })
    t.equal(work.contents(name), contents)
  }
  t.ok(refused >= 20)
})
