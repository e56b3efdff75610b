import { join } from 'node:path'
import t from 'tap'
import { createPortal } from '../../lib/portal/index.ts'
import type { Aim, SaveStep } from '../support/children/Aim.ts'
import { compileChild } from '../support/compileChild.ts'
import { countsOf } from '../support/countsOf.ts'
import { KillableExport } from '../support/KillableExport.ts'
import { killableLeads } from '../support/killableLeads.ts'
import { type Course, killUntilDone, reportKills } from '../support/killUntilDone.ts'
import { partialsOf } from '../support/partialOf.ts'
import { seededRandom } from '../support/seededRandom.ts'

/* Exports to two files and a quarantine with one checkpoint, whose processes are killed. */

const seed = Number(process.env.KILLS_SEED ?? 1)
const wanted = 20

// The timeout suits a busy machine.
t.setTimeout(300_000)
const dir = t.testdir()
const script = await compileChild('exportKilled', join(dir, 'compiled'))
const portal = await createPortal({ leads: killableLeads(1_000) })
t.teardown(() => portal.close())

let exports = 0
const newExport = () => {
  const { origin, accessToken } = portal
  const job = { origin, accessToken, every: 100, name: 'leads.ndjson', thirds: 'thirds.ndjson.gz' }
  return new KillableExport(script, { ...job, dir: join(dir, String(++exports)) })
}
const whole = newExport()
const { activity, report: undisturbed, stderr } = await whole.start()
if (undisturbed === undefined) throw new Error(stderr)
const expected = whole.contents()

t.test('killed export to several outputs: undisturbed, each output has its records', async t => {
  t.ok(expected.quarantine.length > 0)
  const thirds = expected.output
    .split('\n')
    .filter(line => /^{"n":\d*,/.test(line) && Number(line.slice(5, line.indexOf(','))) % 3 === 0)
  t.ok(thirds.length > 100)
  t.equal(expected.thirds, `${thirds.join('\n')}\n`)
})

t.test(
  'killed export to several outputs: killed at random moments, all three files are the same',
  async t => {
    const chance = seededRandom(seed)
    const courses: Course[] = []
    let kills = 0
    while (kills < wanted) {
      const killed = newExport()
      const course = await killUntilDone(killed, () => 1 + Math.floor(chance() * activity.length))
      courses.push(course)
      kills += course.kills.length
      t.strictSame(killed.contents(), expected, `killed ${course.kills.length} times`)
      t.strictSame(countsOf(course.report), countsOf(undisturbed))
      t.strictSame(course.failures, [])
    }
    t.comment(`KILLS_SEED=${seed}`)
    reportKills(t, courses)
  },
)

const steps: SaveStep[] = [
  'running flushed',
  'running saved',
  'prepared flushed',
  'prepared saved',
  'committed flushed',
  'committed saved',
]
/** Between the renaming of two outputs, and in the middle of a write. */
const calls: Aim[] = [
  ...['rejected.ndjson', 'leads.ndjson', 'thirds.ndjson.gz'].flatMap(file =>
    (['before', 'after'] as const).map(when => ({ call: 'rename' as const, file, nth: 1, when })),
  ),
  { call: 'write', file: 'thirds.ndjson.gz.partial', nth: 3, when: 'half' },
  { call: 'sync', file: 'leads.ndjson.partial', nth: 3, when: 'before' },
]
for (const aim of [...steps.map(step => ({ step, nth: 1 })), ...calls]) {
  const what = Object.values(aim).join(' ')
  t.test(`killed export to several outputs: killed at ${what}, all three files are the same`, async t => {
    const killed = newExport()
    t.equal((await killed.start(undefined, aim)).signal, 'SIGKILL')
    await killed.place()
    const { report, stderr } = await killed.start()
    if (report === undefined) throw new Error(stderr)
    t.strictSame(killed.contents(), expected)
    t.strictSame(countsOf(report), countsOf(undisturbed))
    t.strictSame(partialsOf(killed.output), [])
  })
}
