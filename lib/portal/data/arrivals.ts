import { arrivalTime } from './arrivalTime.ts'
import type { Random } from './Random.ts'

/** When and how a lead arrived in the portal. */
export interface Arrival {
  /** The lead's index, from 0. */
  readonly index: number
  readonly insertedAt: number
  /** True for a lead of an import, of hundreds of leads or of one. */
  readonly imported: boolean
}

const threeDays = 3 * 86_400_000

/**
 * The arrivals of a portal, one lead after the other: web leads one by one, some of them entered late; and
 * occasionally an import that puts hundreds of leads on one millisecond, as in real portals.
 */
export function* arrivals(random: Random, count: number): Generator<Arrival> {
  let importAt = random.integer(50, 300)
  let importEnd = 0
  let importTime = 0
  for (let index = 0; index < count; index++) {
    if (index === importAt) {
      importEnd = index + random.integer(100, 500)
      importTime = arrivalTime(index)
      importAt = importEnd + random.integer(200, 1_400)
    }
    if (index < importEnd) yield { index, insertedAt: importTime, imported: true }
    else yield { index, insertedAt: webArrival(random, index), imported: random.percent(2) }
  }
}

/** A time before the next lead's arrival; one lead in twenty was entered up to three days late. */
function webArrival(random: Random, index: number): number {
  const time = arrivalTime(index)
  if (random.percent(5)) return time - random.integer(1, threeDays)
  return time + random.integer(0, Math.max(0, arrivalTime(index + 1) - time - 1))
}
