import { rmSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createPortal } from '../../lib/portal/index.ts'
import { compileChild } from '../support/compileChild.ts'
import { countsOf } from '../support/countsOf.ts'
import { KillableExport } from '../support/KillableExport.ts'
import { killableLeads } from '../support/killableLeads.ts'
import { type Course, killUntilDone, reportKills } from '../support/killUntilDone.ts'
import { seededRandom } from '../support/seededRandom.ts'
import { steady } from './steady.ts'

const seed = Number(process.env.SOAK_SEED ?? Date.now() % 1_000_000)
const wanted = Number(process.env.SOAK_KILLS ?? 300)
const names = ['leads.ndjson', 'leads.json', 'leads.ndjson.gz', 'leads.json.gz']
/** Whether an export has a user's Transform: every second round of the names. */
const hasTransform = (index: number) => Math.floor(index / names.length) % 2 === 1
const count = 2_000
const every = 100

/** Every fault of responses, except those that would quarantine other leads than an undisturbed run. */
const faults = [
  '2%:cut=0.5',
  '1%:cut=0',
  '2%:cut=0.9,framing=chunked',
  '1%:cut=0.7,framing=whole',
  '1%:reset',
  '1%:status=500',
  '1%:status=502,body=html',
  '1%:status=503,Retry-After=0',
  '0.3%:status=429,policy=SECONDLY,Retry-After=1',
  '0.5%:garbage=html',
  '0.5%:garbage=broken',
  '0.5%:garbage=unbalanced',
  '1%:drip=20000,interval=1',
  '3%:delay=5',
  'every=7:reorder',
].join('; ')
const changes = '20%:insert=3; 20%:delete=2; 10%:undelete; 30%:touch=2'

t.setTimeout(24 * 3_600_000)
t.comment(`SOAK_SEED=${seed} SOAK_KILLS=${wanted}`)
const dir = t.testdir()
const script = await compileChild('exportKilled', join(dir, 'compiled'))
const chance = seededRandom(seed)

/** Repeats exports until half of the wanted kills are made; between two kills, a third of an export is done at most. */
async function killMany(
  t: Test,
  moments: number,
  follow: (name: string, index: number, moment: () => number) => Promise<Course>,
): Promise<void> {
  const courses: Course[] = []
  let kills = 0
  while (kills < wanted / 2) {
    const index = courses.length
    const name = names[index % names.length] as string
    const course = await follow(name, index, () => 1 + Math.floor((chance() * moments) / 3))
    courses.push(course)
    kills += course.kills.length
  }
  reportKills(t, courses)
}

t.test('killed export: killed repeatedly, with every fault of the portal, it has the same bytes', async t => {
  const list = killableLeads(count)
  const sound = await createPortal({ leads: list })
  const { accessToken } = sound
  const expected = new Map<string, Awaited<ReturnType<typeof undisturbed>>>()
  async function undisturbed(name: string, transform: boolean) {
    const to = join(dir, `undisturbed ${name} ${transform}`)
    const job = { origin: sound.origin, accessToken, dir: to, name, every, transform }
    const whole = new KillableExport(script, job)
    const { activity, report, stderr } = await whole.start()
    if (report === undefined) throw new Error(stderr)
    return { activity, report, ...whole.contents() }
  }
  for (const name of names) {
    for (const transform of [false, true]) {
      expected.set(`${name} ${transform}`, await undisturbed(name, transform))
    }
  }
  await sound.close()

  const moments = expected.get('leads.json false')?.activity.length ?? 0
  await killMany(t, moments, async (name, index, moment) => {
    const gzip = index % 2 === 0 ? 'auto' : 'never'
    await using portal = await createPortal({ leads: list, faults, faultSeed: seed + index, gzip })
    const transform = hasTransform(index)
    const { origin } = portal
    const job = { origin, accessToken, dir: join(dir, `bytes ${index}`), name, every, transform }
    const killed = new KillableExport(script, job)
    const course = await killUntilDone(killed, moment)
    const { output, quarantine } = killed.contents()
    const whole = expected.get(`${name} ${transform}`)
    const what = `${name}${transform ? ' with a Transform' : ''}, gzip ${gzip}, ${course.kills.length} kills, ${portal.requestCount} requests`
    t.ok(output === whole?.output && quarantine === whole.quarantine, what)
    t.strictSame(countsOf(course.report), whole && countsOf(whole.report), 'the counts are the same')
    rmSync(job.dir, { recursive: true })
    return course
  })
})

t.test('killed export: killed repeatedly while leads change, it has each unchanged lead once', async t => {
  const list = killableLeads(count, 'one')
  await killMany(t, 600, async (name, index, moment) => {
    await using portal = await createPortal({
      leads: list,
      faults: `${changes}; ${faults}`,
      faultSeed: seed + index,
    })
    const timePivot = index % 3 === 2 ? 'lastModifiedAt' : 'insertedAt'
    const { origin, accessToken } = portal
    const job = {
      origin,
      accessToken,
      dir: join(dir, `changes ${index}`),
      name,
      every,
      query: { timePivot },
      transform: hasTransform(index),
    } as const
    const killed = new KillableExport(script, job)
    const course = await killUntilDone(killed, moment)

    const { output, quarantine } = killed.contents()
    const lines = (text: string): Line[] =>
      text
        .split('\n')
        .filter(line => line.startsWith('{'))
        .map(line => JSON.parse(line.replace(/,$/, '')))
    const records = lines(output)
    const { total } = records.pop() ?? {}
    const rejected = lines(quarantine)
    const places = records.map(line => `${line[timePivot]} ${line.guid}`)
    const arrived = [...records, ...rejected].map(({ guid }) => guid)
    const guids = new Set(arrived)
    const lost = [...(await steady(portal, list))].filter(guid => !guids.has(guid))

    const what = `${name}, ${timePivot}, ${course.kills.length} kills, ${portal.requestCount} requests`
    t.strictSame(lost, [], what)
    t.equal(guids.size, arrived.length, 'no lead is repeated')
    t.strictSame(places, places.toSorted(), 'the leads are in order')
    t.ok(
      records.every(({ n }, at) => n === at + 1),
      'the operator resumed with its state',
    )
    t.equal(total, records.length)
    t.match(course.report, {
      records: records.length + 1,
      quarantined: rejected.length,
      read: arrived.length,
    })
    rmSync(job.dir, { recursive: true })
    return course
  })
})

interface Line {
  guid: string
  n?: number
  total?: number
  insertedAt?: number
  lastModifiedAt?: number
}
