import t, { type Test } from 'tap'
import { leads } from '../../lib/sources/leads.ts'
import { type DriftingLead, DriftingPortal } from '../support/DriftingPortal.ts'
import { openClient } from '../support/openClient.ts'
import { seededRandom } from '../support/seededRandom.ts'

const origin = 1_300_000_000_000
const year = 365 * 86_400_000

/** Times of `count` leads, by how they arrive. */
const arrivals: Record<string, (count: number, chance: () => number) => number[]> = {
  uniform: (count, chance) => Array.from({ length: count }, () => origin + Math.floor(chance() * 3 * year)),
  'growing exponentially': (count, chance) =>
    Array.from({ length: count }, () => origin + Math.floor(3 * year * (1 + Math.log(chance() + 1e-9) / 7))),
  'in clusters': (count, chance) => {
    const centres = Array.from({ length: 40 }, () => origin + chance() * 3 * year)
    return Array.from({ length: count }, () => {
      const centre = centres[Math.floor(chance() * centres.length)] as number
      return Math.floor(centre + chance() * chance() * 10 * 86_400_000)
    })
  },
}

/** Leads of which a tenth are in bulk ties of 100 to 500. */
function portalLeads(count: number, arrival: string, message = ''): DriftingLead[] {
  const chance = seededRandom(count)
  const times = (arrivals[arrival] as (typeof arrivals)[string])(count, chance)
  for (let next = 0; next < count / 10; ) {
    const size = Math.min(count / 10 - next, 100 + Math.floor(chance() * 401))
    const time = times[count - 1 - next] as number
    times.fill(time, next, next + size)
    next += size
  }
  return times.map(insertedAt => ({
    guid: `${Math.floor(chance() * 2 ** 48).toString(16)}-${insertedAt % 997}`,
    insertedAt,
    isDeleted: false,
    message,
  }))
}

async function requests(t: Test, list: readonly DriftingLead[], concurrency: number): Promise<number> {
  const still = { cap: 100, reorder: false, descends: true, cuts: 0, drift: () => {} }
  const bounds = { startTime: 'exclusive', stopTime: 'inclusive' } as const
  const portal = await new DriftingPortal(list, { ...bounds, ...still }, Math.random).start(t)
  const client = openClient(t, portal.origin, { concurrency })
  let count = 0
  for await (const _ of leads(client)) count += 1
  t.equal(count, list.length)
  await client.close()
  return portal.requests
}

/** Each connection ends with a part of a page, and reads beyond the end of the list. */
const mostFor = (count: number, concurrency: number) => (1.3 * count) / 100 + 10 + 3 * concurrency

t.test(
  'seek paging: as few requests with large leads, of which few pages fit into readAheadBytes',
  async t => {
    const list = portalLeads(6_000, 'uniform', 'x'.repeat(4_900))
    for (const concurrency of [4, 8, 20]) {
      const sent = await requests(t, list, concurrency)
      // No more windows at once than have room in readAheadBytes.
      const most = mostFor(list.length, Math.min(concurrency, 6))
      t.ok(sent <= most, `${sent} requests at concurrency ${concurrency}, at most ${most}`)
    }
  },
)

for (const count of [5_000, 12_000]) {
  for (const arrival of Object.keys(arrivals)) {
    t.test(
      `seek paging: at most 1.3 x N/100 requests and a few: ${count} leads, ${arrival}, a tenth in bulk ties`,
      async t => {
        const list = portalLeads(count, arrival)
        for (const concurrency of [1, 4, 8]) {
          const sent = await requests(t, list, concurrency)
          const most = mostFor(count, concurrency)
          t.ok(sent <= most, `${sent} requests at concurrency ${concurrency}, at most ${most}`)
        }
      },
    )
  }
}
