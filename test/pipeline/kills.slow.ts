import { join } from 'node:path'
import t from 'tap'
import { createPortal } from '../../lib/portal/index.ts'
import { compileChild } from '../support/compileChild.ts'
import { countsOf } from '../support/countsOf.ts'
import { KillableExport } from '../support/KillableExport.ts'
import { killableLeads } from '../support/killableLeads.ts'
import { type Course, killUntilDone, reportKills } from '../support/killUntilDone.ts'
import { seededRandom } from '../support/seededRandom.ts'

const seed = Number(process.env.KILLS_SEED ?? 1)
const wanted = 50
const names = ['leads.ndjson', 'leads.json', 'leads.ndjson.gz']

// The timeout suits a busy machine.
t.setTimeout(300_000)
t.test('killed export: killed 50 times at random moments, it has the same bytes and counts', async t => {
  const dir = t.testdir()
  const script = await compileChild('exportKilled', join(dir, 'compiled'))
  const list = killableLeads(2_000)
  const portal = await createPortal({ leads: list })
  const faulty = await createPortal({
    leads: list,
    faults: '4%:cut=0.5; 2%:cut=0.9,framing=chunked; 2%:status=503,Retry-After=0; 1%:reset; every=7:reorder',
    faultSeed: seed,
  })
  t.teardown(() => Promise.all([portal.close(), faulty.close()]))
  const { accessToken } = portal
  const every = 100

  const undisturbed = await Promise.all(
    names.map(async name => {
      const job = { origin: portal.origin, accessToken, dir: join(dir, `undisturbed ${name}`), name, every }
      const whole = new KillableExport(script, job)
      const { activity, report, stderr } = await whole.start()
      if (report === undefined) throw new Error(stderr)
      return { name, moments: activity.length, report, ...whole.contents() }
    }),
  )

  const chance = seededRandom(seed)
  const courses: Course[] = []
  let kills = 0
  while (kills < wanted) {
    const expected = undisturbed[courses.length % undisturbed.length] as (typeof undisturbed)[number]
    const { name, moments } = expected
    const job = { origin: faulty.origin, accessToken, dir: join(dir, String(courses.length)), name, every }
    const killed = new KillableExport(script, job)
    // After a third of an export at most, so that each is killed early and late.
    const course = await killUntilDone(killed, () => 1 + Math.floor((chance() * moments) / 3))
    courses.push(course)
    kills += course.kills.length
    const { output, quarantine } = killed.contents()
    t.ok(output === expected.output, `${name}, killed ${course.kills.length} times: the output is the same`)
    t.ok(quarantine === expected.quarantine, 'the quarantine is the same')
    t.strictSame(countsOf(course.report), countsOf(expected.report), 'the counts are the same')
    t.strictSame(course.failures, [])
    const { starts = 0 } = course.report.checkpoint ?? {}
    t.ok(starts > 0 && starts <= course.starts, `${starts} of ${course.starts} starts reached a save`)
  }

  t.comment(`KILLS_SEED=${seed}`)
  reportKills(t, courses)
  const failed = faulty.requests.filter(({ faults }) => faults.some(fault => !fault.includes('reorder')))
  t.ok(failed.length > 0, `${failed.length} requests failed during the exports`)
  const between = courses
    .flatMap(course => course.kills)
    .filter(place => place === 'between two saves' || place === 'prepared, not renamed')
  t.ok(
    between.length / kills >= 0.8,
    `${between.length} of ${kills} kills fell between the first save and the renaming`,
  )
})
