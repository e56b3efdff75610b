import t, { type Test } from 'tap'
import type { Lead } from '../../lib/index.ts'
import { explodeEvents } from '../../lib/operators/explode.ts'
import { filter } from '../../lib/operators/filter.ts'
import { project } from '../../lib/operators/project.ts'
import { validate } from '../../lib/operators/validate.ts'
import { createPortal } from '../../lib/portal/index.ts'
import { run } from '../../lib/run/run.ts'
import { toFile } from '../../lib/sinks/toFile.ts'
import { leads } from '../../lib/sources/leads.ts'
import { countsOf } from '../support/countsOf.ts'
import { openClient } from '../support/openClient.ts'
import { paced } from '../support/paced.ts'
import { Workplace } from '../support/Workplace.ts'
import { watchSaves } from '../support/watchSaves.ts'

const portal = await createPortal({ leads: 150 })
t.teardown(() => portal.close())
const { accessToken, origin } = portal

/** One start of the export of the portal; looks at what is saved. */
async function start(t: Test, work: Workplace, name: string, look = work.keep, waits = true) {
  const source = leads(openClient(t, origin, { accessToken }), { max: 25 })
  return run(
    source,
    paced<Lead>(waits),
    validate(),
    filter((lead: Lead) => lead.email !== undefined),
    explodeEvents(),
    project({ guid: 'guid', at: 'conversionEvent.convertDate', form: 'conversionEvent.formName' }),
    watchSaves(toFile(work.file(name)), look),
    { checkpoint: { path: work.checkpoint, every: { leads: 20 } } },
  )
}

for (const name of ['out.ndjson', 'out.json', 'out.ndjson.gz', 'out.json.gz']) {
  t.test(`${name}: from each checkpoint that was saved, the file comes out the same`, async t => {
    const work = new Workplace(t)
    const undisturbed = await start(t, work, name)
    const contents = work.contents(name)
    t.ok(undisturbed.records > 100)
    const paces = work.snapshots.filter(({ moment }) => moment === 'saved')
    t.equal(paces.length, 8, 'a checkpoint before the first lead, and behind each 20')
    work.clear()
    await start(t, work, name, work.keep, false)
    t.equal(work.contents(name), contents, 'saved while records go on')
    const saved = work.snapshots.filter(({ moment }) => moment === 'saved')
    t.ok(saved.length > paces.length, 'a checkpoint while records go on')
    for (const [index, snapshot] of saved.entries()) {
      work.goBack(snapshot)
      t.ok(work.has(work.partial(name)))
      t.notOk(work.has(name))
      const { starts, saves } = work.saved
      const report = await start(t, work, name, () => {}, index % 2 === 0)
      t.equal(work.contents(name), contents, `from save ${index}`)
      t.strictSame(countsOf(report), countsOf(undisturbed))
      t.strictSame(work.names, ['checkpoint.json', name])
      t.match(report.checkpoint, { path: work.checkpoint, starts: starts + 1 })
      t.ok((report.checkpoint?.saves ?? 0) > saves)
    }
  })
}
