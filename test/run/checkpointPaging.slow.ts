import t, { type Test } from 'tap'
import type { LeadSource, Report } from '../../lib/index.ts'
import { createPortal } from '../../lib/portal/index.ts'
import { toFile } from '../../lib/sinks/toFile.ts'
import type { LeadState } from '../../lib/sources/LeadRun.ts'
import { leads } from '../../lib/sources/leads.ts'
import { countsOf } from '../support/countsOf.ts'
import { failureOf } from '../support/failureOf.ts'
import { portalClient } from '../support/portalClient.ts'
import { runWithCheckpoint } from '../support/runWithCheckpoint.ts'
import { Workplace } from '../support/Workplace.ts'
import type { Moment } from '../support/watchSaves.ts'

const portal = await createPortal({
  leads: Array.from({ length: 120 }, (_, n) => ({ guid: `lead-${n}`, insertedAt: 1_000_000 + (n % 10) })),
})
t.teardown(() => portal.close())
const name = 'out.ndjson'

const client = (t: Test) => portalClient(t, portal)
/** Every second guid has no lead, and some guids are repeated. */
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

const exportFrom = (work: Workplace, source: LeadSource, onMoment?: (moment: Moment) => void, waits = true) =>
  runWithCheckpoint(work, { source, waits, sink: toFile(work.file(name)), every: 7, onMoment })

for (const [way, source] of Object.entries(ways)) {
  t.test(`checkpoint: ${way}: resumed from any save, a run emits the same leads in order`, async t => {
    const work = new Workplace(t)
    const undisturbed = await exportFrom(work, source(t), work.keep)
    const contents = work.contents(name)
    t.ok(work.snapshots.length > 5)
    work.clear()
    await exportFrom(work, source(t), work.keep, false)
    t.equal(work.contents(name), contents, 'the file of a run that is saved while leads arrive')
    if (way.includes('guid')) {
      t.equal(undisturbed.missing?.count, missing.size)
      t.strictSame(new Set(undisturbed.missing?.guids), missing)
    }
    for (const [index, snapshot] of work.snapshots.entries()) {
      work.goBack(snapshot)
      const report = await exportFrom(work, source(t), undefined, index % 2 === 0)
      t.equal(work.contents(name), contents, `from snapshot ${index}, ${snapshot.moment}`)
      t.strictSame(withoutMissing(report), withoutMissing(undisturbed))
    }
  })
}

/** Without the missing guids, which have their own test. */
const withoutMissing = (report: Report) => ({ ...countsOf(report), missing: undefined })

t.test('checkpoint: guids without a lead are counted once over all restarts', async t => {
  const work = new Workplace(t)
  const source = () => leads(client(t), { guids, max: 20 })
  const undisturbed = await exportFrom(work, source(), work.keep)
  for (const snapshot of work.snapshots) {
    work.goBack(snapshot)
    t.strictSame((await exportFrom(work, source())).missing, undisturbed.missing)
  }
})

t.test('checkpoint: other guids, or the same guids in another order, are another run', async t => {
  const work = new Workplace(t)
  await exportFrom(work, leads(client(t), { guids: ['lead-1', 'lead-2'] }))
  for (const other of [['lead-2', 'lead-1'], ['lead-1'], ['lead-1', 'lead-2', 'lead-3']]) {
    t.match(await failureOf(exportFrom(work, leads(client(t), { guids: other }))), {
      code: 'CHECKPOINT',
      message:
        /source\.guids was a value with digest [0-9a-f]{12}… and is a value with digest [0-9a-f]{12}… now/,
    })
  }
})

t.test('checkpoint: an iterable that begins with other guids is a CHECKPOINT error', async t => {
  const first = Array.from({ length: 60 }, (_, n) => `lead-${n}`)
  const others: Record<string, string[]> = {
    'other guids from the first on': first.map((_, n) => `lead-${n + 60}`),
    'another order': ['lead-1', 'lead-0', ...first.slice(2)],
    fewer: first.slice(0, 5),
    'one more at the start': ['lead-100', ...first],
  }
  const work = new Workplace(t)
  const source = (guids: Iterable<string>) => leads(client(t), { guids: new Set(guids), max: 10 })
  await exportFrom(work, source(first), work.keep)
  const contents = work.contents(name)
  let refused = 0
  for (const snapshot of work.snapshots.filter(({ moment }) => moment === 'saved')) {
    for (const [what, guids] of Object.entries(others)) {
      work.goBack(snapshot)
      const { position, ended } = work.saved.state.source as LeadState
      if (ended || position.paging !== 'guids' || position.guids < 10) continue
      refused += 1
      const { everything } = work
      const { requestCount } = portal
      const message = `the first ${position.guids} guids of the query are not those of the checkpoint; give the same guids in the same order, or delete the checkpoint to start again`
      t.match(await failureOf(exportFrom(work, source(guids))), { code: 'CHECKPOINT', message }, what)
      t.equal(portal.requestCount, requestCount)
      t.strictSame(work.everything, everything)
    }
    work.goBack(snapshot)
    t.match(await exportFrom(work, source([...first, 'lead-0'])), { read: 60 })
    t.equal(work.contents(name), contents)
  }
  t.ok(refused >= 20)
})
