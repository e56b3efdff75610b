import fc from 'fast-check'
import t, { type Test } from 'tap'
import type { HubSpotClient } from '../../lib/hubspot/HubSpotClient.ts'
import type { Lead } from '../../lib/lead/Lead.ts'
import type { Position } from '../../lib/lead/Position.ts'
import { leads } from '../../lib/sources/leads.ts'
import type { SourceCounts } from '../../lib/sources/SourceCounts.ts'
import { type DriftingLead, DriftingPortal, type DriftOptions } from '../support/DriftingPortal.ts'
import { openClient } from '../support/openClient.ts'
import { seededRandom } from '../support/seededRandom.ts'

const origin = 1_300_000_000_000
const hex = (number: number) => number.toString(16).padStart(8, '0')

interface Course {
  /** The number of leads at each time, in sequence. */
  ties: number[]
  /** Milliseconds between two times. */
  gaps: number[]
  max: number
  concurrency: number
  seed: number
  /** The number of changes of each kind per request. */
  inserts: number
  deletes: number
  undeletes: number
  touches: number
  /** The numbers of leads after which the loop is left, for each start. */
  leave: number[]
  options: Omit<DriftOptions, 'drift'>
}

function leadsOf({ ties, gaps, seed }: Course): DriftingLead[] {
  const chance = seededRandom(seed)
  let time = origin
  return ties.flatMap((count, index) => {
    time += gaps[index % gaps.length] ?? 1
    const insertedAt = time
    return Array.from({ length: count }, () => ({
      guid: hex(Math.floor(chance() * 2 ** 32)),
      insertedAt,
      isDeleted: chance() < 0.05,
    }))
  })
}

/** Leaves the loop after each of these numbers of leads, and resumes from the position. */
async function readInParts(client: HubSpotClient, { max, leave }: Course) {
  const received: Lead[] = []
  const counts: SourceCounts[] = []
  let from: Position | undefined
  for (const count of [...leave, Number.POSITIVE_INFINITY]) {
    const source = leads(client, { max, ...(from === undefined ? {} : { from }) })
    let left = count
    if (left > 0) {
      for await (const lead of source) {
        received.push(lead)
        left -= 1
        if (left === 0) break
      }
    }
    source.destroy()
    if (!source.closed) await new Promise(resolve => source.once('close', resolve))
    counts.push(source.counts)
    from = JSON.parse(JSON.stringify(source.position))
  }
  return { received, counts }
}

async function readAndCheck(t: Test, course: Course): Promise<void> {
  const chance = seededRandom(course.seed + 1)
  const own = leadsOf(course)
  const times = own.map(lead => lead.insertedAt)
  const drift: DriftOptions['drift'] = (portal, request) => {
    // If leads are inserted faster than they are read, the list never ends.
    if (request > 150) return
    for (let n = 0; n < course.inserts; n += 1) {
      // Into existing ties, between them, and into the present.
      const at =
        chance() < 0.2
          ? portal.now
          : (times[Math.floor(chance() * times.length)] ?? origin) + Math.floor(chance() * 2)
      portal.insert({ guid: hex(Math.floor(chance() * 2 ** 32)), insertedAt: at, isDeleted: false })
    }
    for (let n = 0; n < course.deletes; n += 1) portal.change(portal.pick()?.guid ?? '', { isDeleted: true })
    for (let n = 0; n < course.undeletes; n += 1) {
      const lead = portal.pick()
      if (lead?.isDeleted) portal.change(lead.guid, { isDeleted: false })
    }
    for (let n = 0; n < course.touches; n += 1)
      portal.change(portal.pick()?.guid ?? '', { insertedAt: portal.now })
  }
  const portal = await new DriftingPortal(own, { ...course.options, drift }, chance).start(t)
  const client = openClient(t, portal.origin, {
    concurrency: course.concurrency,
    retry: { retries: 20, budget: 10 },
  })
  const { received, counts } = await readInParts(client, course)

  const keys = received.map(({ insertedAt, guid }) => `${insertedAt} ${guid}`)
  for (let index = 1; index < keys.length; index += 1) {
    if ((keys[index - 1] as string) >= (keys[index] as string)) {
      throw new Error(`out of order, or twice: ${keys[index - 1]} before ${keys[index]}`)
    }
  }
  const guids = new Set(received.map(({ guid }) => guid))
  const lost = [...portal.steady].filter(guid => !guids.has(guid))
  if (lost.length > 0) throw new Error(`lost ${lost.length} of ${portal.steady.size}: ${lost[0]}`)
  for (const { decoded, delivered, dropped, unused } of counts) {
    if (decoded !== delivered + dropped + unused)
      throw new Error(`the numbers do not add up: ${JSON.stringify(counts)}`)
  }
  const most = 500 + 4 * portal.leads.size + 60 * counts.length
  if (portal.requests > most) throw new Error(`${portal.requests} requests, expected at most ${most}`)
  await client.close()
}

const options = fc.record({
  startTime: fc.constantFrom('inclusive' as const, 'exclusive' as const),
  stopTime: fc.constantFrom('inclusive' as const, 'exclusive' as const),
  cap: fc.constantFrom(100, 100, 7, [2, 30] as const),
  reorder: fc.boolean(),
  descends: fc.boolean(),
  cuts: fc.constantFrom(0, 0, 0.2),
})

const courses: fc.Arbitrary<Course> = fc.record({
  ties: fc.array(fc.oneof({ weight: 8, arbitrary: fc.constant(1) }, fc.integer({ min: 1, max: 60 })), {
    maxLength: 80,
  }),
  gaps: fc.array(fc.constantFrom(1, 1, 2, 1_000, 86_400_000), { minLength: 1, maxLength: 5 }),
  max: fc.integer({ min: 2, max: 25 }),
  concurrency: fc.integer({ min: 1, max: 8 }),
  seed: fc.nat(),
  inserts: fc.constantFrom(0, 0, 1, 5),
  deletes: fc.constantFrom(0, 0, 1, 3),
  undeletes: fc.constantFrom(0, 1, 3),
  touches: fc.constantFrom(0, 0, 1, 3),
  leave: fc.array(fc.nat({ max: 80 }), { maxLength: 5 }),
  options,
})

const runs = Number(process.env.RUNS ?? 150)
// A run takes a fraction of a second, even on a slow machine.
t.setTimeout(300_000 + runs * 1_000)

t.test(
  'seek paging: for any changes between requests, each lead that keeps its pivot arrives once and in order, over restarts',
  async t => {
    await fc.assert(
      fc.asyncProperty(courses, course => readAndCheck(t, course)),
      { numRuns: runs, endOnFailure: true },
    )
  },
)

t.test('seek paging: a tie of 3,000 with ten deletions per request loses no lead', async t => {
  for (const startTime of ['inclusive', 'exclusive'] as const) {
    for (const concurrency of [1, 4]) {
      await readAndCheck(t, {
        ties: [1, 3_000, 1, 1, 150, 1],
        gaps: [1],
        max: 100,
        concurrency,
        seed: 7,
        inserts: 2,
        deletes: 10,
        undeletes: 3,
        touches: 1,
        leave: [500, 1_234],
        options: { startTime, stopTime: 'inclusive', cap: 100, reorder: true, descends: true, cuts: 0 },
      })
    }
  }
})

t.test('seek paging: random short pages hide no lead of a tie', async t => {
  for (let seed = 1; seed <= 12; seed += 1) {
    await readAndCheck(t, {
      ties: [1, 300, 300, 300, 1],
      gaps: [1],
      max: 100,
      concurrency: 1,
      seed,
      inserts: 0,
      deletes: 0,
      undeletes: 0,
      touches: 0,
      leave: [],
      options: {
        startTime: 'inclusive',
        stopTime: 'inclusive',
        cap: [3, 60],
        reorder: true,
        descends: true,
        cuts: 0,
      },
    })
  }
})
