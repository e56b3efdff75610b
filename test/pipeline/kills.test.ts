import { join } from 'node:path'
import t from 'tap'
import type { Report } from '../../lib/index.ts'
import { createPortal } from '../../lib/portal/index.ts'
import { chanceOf } from '../support/chanceOf.ts'
import { compileChild } from '../support/compileChild.ts'
import { type Ending, KillableExport, type Place, places, steadyNumbers } from '../support/KillableExport.ts'
import { killableLeads } from '../support/killableLeads.ts'

const seed = Number(process.env.KILLS_SEED ?? 1)
const wanted = 50
const names = ['leads.ndjson', 'leads.json', 'leads.ndjson.gz']

// A machine that has more to do takes longer.
t.setTimeout(300_000)
t.test('killed 50 times at random moments, an export comes out as if it had not been', async t => {
  const dir = t.testdir()
  const script = await compileChild('exportKilled', join(dir, 'compiled'))
  const held = killableLeads(2_000)
  const portal = await createPortal({ leads: held })
  const faulty = await createPortal({
    leads: held,
    faults: '4%:cut=0.5; 2%:cut=0.9,framing=chunked; 2%:status=503,Retry-After=0; 1%:reset; every=7:reorder',
    faultSeed: seed,
  })
  t.teardown(() => Promise.all([portal.close(), faulty.close()]))
  const { accessToken } = portal
  const every = 100

  const undisturbed = new Map<
    string,
    { moments: number; report: Report; output: string; quarantine: string }
  >()
  for (const name of names) {
    const job = { origin: portal.origin, accessToken, dir: join(dir, `undisturbed ${name}`), name, every }
    const whole = new KillableExport(script, job)
    const { told, report, stderr } = await whole.start()
    if (report === undefined) throw new Error(stderr)
    undisturbed.set(name, { moments: told.length, report, ...whole.contents() })
  }

  const chance = chanceOf(seed)
  const fallen = new Map<Place, number>()
  const during = new Map<string, number>()
  const count = <Key>(counts: Map<Key, number>, key: Key) => counts.set(key, (counts.get(key) ?? 0) + 1)
  let kills = 0
  let exports = 0
  while (kills < wanted) {
    const name = names[exports % names.length] as string
    const expected = undisturbed.get(name)
    if (expected === undefined) return
    exports += 1
    const job = { origin: faulty.origin, accessToken, dir: join(dir, String(exports)), name, every }
    const killed = new KillableExport(script, job)
    let starts = 0
    let place: Place = places[0]
    let ending: Ending | undefined
    while (ending?.report === undefined) {
      starts += 1
      // A third of an export at most, so that each is killed early and late; with enough kills, the last one runs
      // to its end.
      const last = place === 'finished' || kills === wanted
      const moment = 1 + Math.floor((chance() * expected.moments) / 3)
      ending = await killed.start(last ? undefined : moment)
      if (ending.report !== undefined) break
      if (ending.signal !== 'SIGKILL') throw new Error(`${name}, start ${starts}: ${ending.stderr}`)
      kills += 1
      place = await killed.place()
      count(fallen, place)
      count(during, ending.told.at(-1) ?? 'nothing')
    }
    const { report } = ending
    const { output, quarantine } = killed.contents()
    t.ok(output === expected.output, `${name}, ended ${starts - 1} times: the output is the same`)
    t.ok(quarantine === expected.quarantine, 'and the quarantine')
    t.strictSame(steadyNumbers(report), steadyNumbers(expected.report), 'and the numbers')
    t.ok((report.checkpoint?.starts ?? 0) <= starts, `${report.checkpoint?.starts} of ${starts} starts`)
  }

  t.comment(`${kills} kills of ${exports} exports with seed ${seed} (KILLS_SEED), by what they left:`)
  for (const place of places) t.comment(`${String(fallen.get(place) ?? 0).padStart(4)} ${place}`)
  t.comment(`by what was told last: ${[...during].map(([letter, count]) => `${letter} ${count}`).join(', ')}`)
  t.ok(
    faulty.requests.some(({ faults }) => faults.length > 0),
    'the portal failed meanwhile',
  )
  const between = (fallen.get('between two saves') ?? 0) + (fallen.get('complete, not renamed') ?? 0)
  t.equal(kills, wanted)
  t.ok(between >= 40, `${between} of ${kills} kills fell between the first save and the renaming`)
})
