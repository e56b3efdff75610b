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
import { openClient } from '../support/openClient.ts'
import { receive } from '../support/receive.ts'
import { type Snapshot, Workplace } from '../support/Workplace.ts'
import { type Moment, watchSaves } from '../support/watchSaves.ts'

const clock = { time: Date.UTC(2026, 2, 1, 12) }
const portal = await createPortal({ leads: 40, now: () => clock.time })
t.teardown(() => portal.close())

function start(
  t: Test,
  work: Workplace,
  look = (_: Moment) => {},
  checkpoint: Partial<CheckpointOptions> = {},
) {
  return run(
    leads(openClient(t, portal.origin, { accessToken: portal.accessToken }), { max: 10 }),
    watchSaves(toFile(work.file('out-{time}.ndjson')), look),
    { checkpoint: { path: work.checkpoint, every: { leads: 10 }, ...checkpoint } },
  )
}

t.test(
  'the report says what the checkpoint said that the run went on from, and where the file is',
  async t => {
    const work = new Workplace(t)
    const first = await start(t, work, work.keep)
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
      t.match(await start(t, work), { checkpoint: { found, starts: 2 }, sink: { destination } }, moment)
    }
    const again = await start(t, work, undefined, { whenFinished: 'stop' })
    t.match(again, { checkpoint: { found: 'finished', starts: 2 }, sink: { destination } })
    for (const whenFinished of ['restart', 'next'] as const) {
      clock.time += 60_000
      const again = await start(t, work, undefined, { whenFinished })
      t.notOk('found' in (again.checkpoint ?? {}), whenFinished)
      t.match(again.checkpoint, { starts: 1 })
    }
  },
)

t.test('a file is told by its real path, a receiver without the query of its URL', async t => {
  const work = new Workplace(t)
  mkdirSync(work.file('real'))
  symlinkSync('real', work.file('link'))
  const { sink } = await run([{ a: 1 }], toFile(work.file('link/out.ndjson')))
  t.strictSame(jsonCopy(sink), {
    destination: join(work.path, 'real', 'out.ndjson'),
    received: 1,
    acknowledged: 1,
    bytes: 8,
  })
  const { origin } = await receive(t)
  t.match(await run([{ a: 1 }], toHttp(`${origin}/leads?key=secret`)), {
    sink: { destination: `${origin}/leads` },
  })
  t.notOk('destination' in (await run([{ a: 1 }], toArray({ max: 1 }))).sink)
})

t.test('a file that was not begun has no path to tell', async t => {
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
