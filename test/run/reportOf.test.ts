import { existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import t, { type Test } from 'tap'
import type { CheckpointOptions } from '../../lib/index.ts'
import { createPortal } from '../../lib/portal/index.ts'
import { run } from '../../lib/run/run.ts'
import { toArray } from '../../lib/sinks/toArray.ts'
import { toFile } from '../../lib/sinks/toFile.ts'
import { toHttp } from '../../lib/sinks/toHttp.ts'
import { leads } from '../../lib/sources/leads.ts'
import { failureOf } from '../support/failureOf.ts'
import { jsonCopy } from '../support/jsonCopy.ts'
import { portalClient } from '../support/portalClient.ts'
import { receive } from '../support/receive.ts'
import { runWithCheckpoint } from '../support/runWithCheckpoint.ts'
import { type Snapshot, Workplace } from '../support/Workplace.ts'
import type { Moment } from '../support/watchSaves.ts'

const clock = { time: Date.UTC(2026, 2, 1, 12) }
const portal = await createPortal({ leads: 40, now: () => clock.time })
t.teardown(() => portal.close())

const exportLeads = (
  t: Test,
  work: Workplace,
  onMoment?: (moment: Moment) => void,
  checkpoint?: Partial<CheckpointOptions>,
) =>
  runWithCheckpoint(work, {
    source: leads(portalClient(t, portal), { max: 10 }),
    sink: toFile(work.file('out-{time}.ndjson')),
    every: 10,
    checkpoint,
    onMoment,
  })

t.test(
  'report: it has the phase of the checkpoint that the run resumed from, and the path of the file',
  async t => {
    const work = new Workplace(t)
    const first = await exportLeads(t, work, work.keep)
    t.notOk('found' in (first.checkpoint ?? {}))
    const { destination = '' } = first.sink
    t.match(destination, /out-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ\.ndjson$/)
    t.ok(existsSync(destination))
    const at = (moment: Moment) => work.snapshots.find(snapshot => snapshot.moment === moment) as Snapshot
    for (const [moment, found] of [
      ['saved', 'running'],
      ['complete', 'complete'],
      ['ended', 'complete'],
    ] as const) {
      work.goBack(at(moment))
      t.match(await exportLeads(t, work), { checkpoint: { found, starts: 2 }, sink: { destination } }, moment)
    }
    const again = await exportLeads(t, work, undefined, { whenFinished: 'stop' })
    t.match(again, { checkpoint: { found: 'finished', starts: 2 }, sink: { destination } })
    for (const whenFinished of ['restart', 'next'] as const) {
      clock.time += 60_000
      const again = await exportLeads(t, work, undefined, { whenFinished })
      t.notOk('found' in (again.checkpoint ?? {}), whenFinished)
      t.match(again.checkpoint, { starts: 1 })
    }
  },
)

t.test('report: destination is the real path of a file, or the URL of a receiver without query', async t => {
  const work = new Workplace(t)
  mkdirSync(work.file('real'))
  symlinkSync('real', work.file('link'))
  const { sink } = await run([{ a: 1 }], toFile(work.file('link/out.ndjson')))
  t.strictSame(jsonCopy(sink), {
    name: 'toFile',
    destination: join(work.path, 'real', 'out.ndjson'),
    received: 1,
    acknowledged: 1,
    bytes: 8,
    unchanged: 0,
  })
  const { origin } = await receive(t)
  t.match(await run([{ a: 1 }], toHttp(`${origin}/leads?key=secret`)), {
    sink: { destination: `${origin}/leads` },
  })
  t.notOk('destination' in (await run([{ a: 1 }], toArray({ max: 1 }))).sink)
})

t.test('report: without a write, a file has no destination', async t => {
  const work = new Workplace(t)
  const source = new Readable({
    read() {
      this.destroy(new Error('no more'))
    },
  })
  const error = (await failureOf(run(source, toFile(work.file('out.ndjson'))))) as { report: object }
  t.match(error.report, { sink: { received: 0 } })
  t.notOk('destination' in (error.report as { sink: object }).sink)
})
