import { join } from 'node:path'
import type { Test } from 'tap'
import { createPortal } from '../../lib/portal/index.ts'
import type { Aim } from './children/Aim.ts'
import type { CrmSource } from './children/ExportJob.ts'
import { compileChild } from './compileChild.ts'
import { countsOf } from './countsOf.ts'
import { KillableExport } from './KillableExport.ts'
import { type Course, killUntilDone, reportKills } from './killUntilDone.ts'
import { seededRandom } from './seededRandom.ts'

/** Names of properties that do not fit into one URL. */
const wide = Array.from(
  { length: 85 },
  (_, n) => `a_property_whose_name_is_long_enough_${n}_${'x'.repeat(60)}`,
)

/** Every way of reading today's APIs. */
const sources: Readonly<Record<string, CrmSource>> = {
  'contacts with associations': ['contacts', { associations: ['companies'], archived: 'both' }],
  'contacts by cursor': ['contacts', { paging: 'cursor', properties: ['email', 'createdate'] }],
  'contacts by batch read': ['contacts', { properties: ['email', ...wide], associations: ['companies'] }],
  'contacts by search': ['contacts', { modifiedAfter: 0, properties: ['email'] }],
  'form submissions': ['formSubmissions'],
  'contacts as leads': ['contactsAsLeads'],
}

const faults = '4%:cut=0.5; 2%:cut=0.9,framing=chunked; 2%:status=503,Retry-After=0; 1%:reset; 5%:short'

/** The moments around the saves and the end at which a process is killed. */
const aims: readonly Aim[] = [
  { step: 'running flushed', nth: 2 },
  { step: 'running saved', nth: 3 },
  { call: 'write', file: '.partial', nth: 2, when: 'half' },
  { step: 'prepared flushed', nth: 1 },
  { step: 'prepared saved', nth: 1 },
  { call: 'rename', file: '/records.ndjson', nth: 1, when: 'after' },
]

/** What is tested. */
interface CrmKills {
  leads: number
  /** The number of kills of each source at random moments. */
  kills: number
  /** The number of moments around the saves, each in an export of its own. */
  aimed: number
  seed: number
}

/**
 * Tests exports from today's APIs whose processes are killed and started again: each has the files and the counts of an
 * undisturbed one.
 */
export async function testCrmKills(t: Test, { leads, kills, aimed, seed }: CrmKills): Promise<void> {
  const dir = t.testdir()
  const script = await compileChild('exportKilled', join(dir, 'compiled'))
  const options = {
    leads,
    objects: { companies: 40 },
    properties: { contacts: wide },
    rateLimit: { search: 1_000, associations: 1_000 },
  } as const
  const portal = await createPortal(options)
  const faulty = await createPortal({ ...options, faults, faultSeed: seed })
  t.teardown(() => Promise.all([portal.close(), faulty.close()]))
  const chance = seededRandom(seed)
  t.comment(`seed ${seed}`)

  for (const [what, source] of Object.entries(sources)) {
    await t.test(
      `killed export: ${what}: the file and the counts are those of an undisturbed one`,
      async t => {
        let exports = 0
        const newExport = ({ origin, accessToken } = faulty) =>
          new KillableExport(script, {
            origin,
            accessToken,
            dir: join(dir, what, String(++exports)),
            name: 'records.ndjson',
            every: 100,
            source,
          })
        const whole = newExport(portal)
        const { activity, report, stderr } = await whole.start()
        if (report === undefined) throw new Error(stderr)
        const expected = whole.contents()
        t.ok(report.quarantined > 0 && report.read > leads / 4, `${report.records} records`)

        const courses: Course[] = []
        for (let made = 0; made < kills; made += courses.at(-1)?.kills.length ?? 0) {
          const killed = newExport()
          let left = Math.min(3, kills - made)
          const course = await killUntilDone(killed, () => {
            left -= 1
            return left < 0 ? undefined : 1 + Math.floor(chance() * activity.length)
          })
          courses.push(course)
          t.ok(isSame(killed), `killed ${course.kills.length} times`)
          t.strictSame(countsOf(course.report), countsOf(report))
          t.strictSame(course.failures, [])
        }
        const first = Object.keys(sources).indexOf(what)
        for (let index = 0; index < aimed; index += 1) {
          const aim = aims[(first + index) % aims.length] as Aim
          const killed = newExport()
          const { signal, stderr: problem } = await killed.start(undefined, aim)
          if (signal !== 'SIGKILL')
            throw new Error(`not killed at ${Object.values(aim).join(' ')}: ${problem}`)
          await killed.place()
          const { report: resumed, stderr } = await killed.start()
          if (resumed === undefined) throw new Error(stderr)
          t.ok(isSame(killed), Object.values(aim).join(' '))
          t.strictSame(countsOf(resumed), countsOf(report))
        }
        reportKills(t, courses)

        function isSame(killed: KillableExport): boolean {
          const { output, quarantine } = killed.contents()
          return output === expected.output && quarantine === expected.quarantine
        }
      },
    )
  }
  const failed = faulty.requests.filter(({ faults }) => faults.length > 0)
  t.ok(failed.length > 0, `${failed.length} requests failed during the exports`)
}
