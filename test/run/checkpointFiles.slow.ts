import t, { type Test } from 'tap'
import type { Lead } from '../../lib/index.ts'
import { compose } from '../../lib/operators/compose.ts'
import { explodeEvents } from '../../lib/operators/explode.ts'
import { filter } from '../../lib/operators/filter.ts'
import { project } from '../../lib/operators/project.ts'
import { validate } from '../../lib/operators/validate.ts'
import { createPortal } from '../../lib/portal/index.ts'
import { toFile } from '../../lib/sinks/toFile.ts'
import { leads } from '../../lib/sources/leads.ts'
import { countsOf } from '../support/countsOf.ts'
import { portalClient } from '../support/portalClient.ts'
import { runWithCheckpoint } from '../support/runWithCheckpoint.ts'
import { Workplace } from '../support/Workplace.ts'

const portal = await createPortal({ leads: 150 })
t.teardown(() => portal.close())

/** Runs the export once; by default keeps a snapshot at each save. */
const exportTo = (t: Test, work: Workplace, name: string, onMoment = work.keep, waits = true) =>
  runWithCheckpoint(work, {
    source: leads(portalClient(t, portal), { max: 25 }),
    waits,
    operators: compose(
      validate<Lead>(),
      filter(lead => lead.email !== undefined),
      explodeEvents(),
      project({ guid: 'guid', at: 'conversionEvent.convertDate', form: 'conversionEvent.formName' }),
    ),
    sink: toFile(work.file(name)),
    every: 20,
    onMoment,
  })

for (const name of ['out.ndjson', 'out.json', 'out.ndjson.gz', 'out.json.gz']) {
  t.test(`checkpoint: resumed from any save, a run writes the same ${name}`, async t => {
    const work = new Workplace(t)
    const undisturbed = await exportTo(t, work, name)
    const contents = work.contents(name)
    t.ok(undisturbed.read > 100)
    const paces = work.snapshots.filter(({ moment }) => moment === 'saved')
    t.equal(paces.length, 8, 'a checkpoint before the first lead and after each 20 leads')
    work.clear()
    await exportTo(t, work, name, work.keep, false)
    t.equal(work.contents(name), contents, 'the file of a run that is saved while records flow')
    const saved = work.snapshots.filter(({ moment }) => moment === 'saved')
    t.ok(saved.length > paces.length, 'a run is also saved while records flow')
    for (const [index, snapshot] of saved.entries()) {
      work.goBack(snapshot)
      t.ok(work.has(work.partial(name)))
      t.notOk(work.has(name))
      const { starts, saves } = work.saved
      const report = await exportTo(t, work, name, () => {}, index % 2 === 0)
      t.equal(work.contents(name), contents, `from save ${index}`)
      t.strictSame(countsOf(report), countsOf(undisturbed))
      t.strictSame(work.names, ['checkpoint.json', name])
      t.match(report.checkpoint, { path: work.checkpoint, starts: starts + 1 })
      t.ok((report.checkpoint?.saves ?? 0) > saves)
    }
  })
}
