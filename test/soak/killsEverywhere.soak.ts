import { rmSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createPortal } from '../../lib/portal/index.ts'
import type { Aim } from '../support/children/Aim.ts'
import { compileChild } from '../support/compileChild.ts'
import { KillableExport, type Place, places } from '../support/KillableExport.ts'
import { killableLeads } from '../support/killableLeads.ts'

const name = 'a.json.gz'
/** Every call that a run makes, by the end of the file's name; and where in it a process can die. */
const calls: [Aim['call'], file: string, Aim['when'][]][] = [
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

t.setTimeout(24 * 3_600_000)
t.test('killed at every single thing that a run does to its files: the same bytes', async t => {
  const dir = t.testdir()
  const script = await compileChild('exportKilled', join(dir, 'compiled'))
  const { origin, accessToken, close } = await createPortal({ leads: killableLeads(600) })
  t.teardown(close)
  const job = { origin, accessToken, dir: join(dir, 'export'), name, every: 100 }

  const whole = new KillableExport(script, job)
  await whole.start()
  const expected = whole.contents()

  const fallen = new Map<Place, number>()
  for (const [call, file, whens] of calls) {
    for (const when of whens) {
      for (let nth = 1; ; nth += 1) {
        rmSync(job.dir, { recursive: true })
        const killed = new KillableExport(script, job)
        const { signal, stderr } = await killed.start(undefined, { call, file, nth, when })
        if (signal === null) {
          t.equal(stderr, '')
          t.ok(nth > 1, `${when} ${call} of ${file}: killed at ${nth - 1} of them`)
          break
        }
        const place = await killed.place()
        fallen.set(place, (fallen.get(place) ?? 0) + 1)
        const { report, stderr: problem } = await killed.start()
        if (report === undefined) throw new Error(`${when} ${call} ${nth} of ${file}: ${problem}`)
        t.strictSame(killed.contents(), expected, `${when} ${call} ${nth} of ${file}: ${place}`)
      }
    }
  }
  for (const place of places) t.comment(`${String(fallen.get(place) ?? 0).padStart(5)} ${place}`)
})
