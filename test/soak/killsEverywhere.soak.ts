import { rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createPortal } from '../../lib/portal/index.ts'
import type { Aim, CallAim, SaveStep } from '../support/children/Aim.ts'
import { compileChild } from '../support/compileChild.ts'
import { KillableExport, type Place, places } from '../support/KillableExport.ts'
import { killableLeads } from '../support/killableLeads.ts'

const name = 'a.json.gz'
/** Every call of a run to a file, by the end of its name, and the moments of it at which the process is killed. */
const calls: [CallAim['call'], file: string, CallAim['when'][]][] = [
  ['open', `${name}.partial`, ['before']],
  ['open', 'rejected.ndjson.partial', ['before']],
  ['open', 'checkpoint.json.tmp', ['before']],
  ['write', `${name}.partial`, ['before', 'half']],
  ['write', 'rejected.ndjson.partial', ['before', 'half']],
  ['write', 'checkpoint.json.tmp', ['before', 'half']],
  ['sync', `${name}.partial`, ['before', 'after']],
  ['sync', 'rejected.ndjson.partial', ['before', 'after']],
  ['sync', 'checkpoint.json.tmp', ['before', 'after']],
  ['rename', `/${name}`, ['before', 'after']],
  ['rename', '/rejected.ndjson', ['before', 'after']],
  ['rename', '/checkpoint.json', ['before', 'after']],
]

const words: SaveStep[] = [
  'running flushed',
  'running saved',
  'prepared flushed',
  'prepared saved',
  'committed flushed',
  'committed saved',
]
/** Kinds of moments; each occurs several times in a run. `aim` selects the nth. */
const kinds: [what: string, aim: (nth: number) => Aim][] = [
  ...calls.flatMap(([call, file, whens]) =>
    whens.map((when): [string, (nth: number) => Aim] => [
      `${when} ${call} of ${file}`,
      nth => ({ call, file, nth, when }),
    ]),
  ),
  ...words.map((step): [string, (nth: number) => Aim] => [`at "${step}"`, nth => ({ step, nth })]),
]

t.setTimeout(24 * 3_600_000)
t.test('killed export: killed at every file call and every message, it has the same bytes', async t => {
  const dir = t.testdir()
  const script = await compileChild('exportKilled', join(dir, 'compiled'))
  const { origin, accessToken, close } = await createPortal({ leads: killableLeads(600) })
  t.teardown(close)
  for (const transform of [false, true]) {
    const variant = transform ? `${name} with a Transform` : name
    const job = { origin, accessToken, dir: join(dir, 'export'), name, every: 100, transform }
    const whole = new KillableExport(script, job)
    await whole.start()
    const expected = whole.contents()

    const kills = new Map<Place, number>()
    for (const [what, aim] of kinds) {
      for (let nth = 1; ; nth += 1) {
        rmSync(job.dir, { recursive: true })
        const killed = new KillableExport(script, job)
        const { signal, stderr } = await killed.start(undefined, aim(nth))
        if (signal === null) {
          t.equal(stderr, '')
          t.ok(nth > 1, `${variant}, ${what}: killed at ${nth - 1} of them`)
          break
        }
        const place = await killed.place()
        kills.set(place, (kills.get(place) ?? 0) + 1)
        const { report, stderr: problem } = await killed.start()
        if (report === undefined) throw new Error(`${what} ${nth}: ${problem}`)
        t.strictSame(killed.contents(), expected, `${variant}, ${what} ${nth}: ${place}`)
      }
    }
    t.comment(`${variant}:`)
    for (const place of places) t.comment(`${String(kills.get(place) ?? 0).padStart(5)} ${place}`)
  }
})
