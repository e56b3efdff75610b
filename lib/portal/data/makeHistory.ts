import type { ConversionEvent } from '../../lead/leadParts.ts'
import type { Arrival } from './arrivals.ts'
import type { Random } from './Random.ts'

const day = 86_400_000

/** The events of a lead after its arrival. Times are milliseconds since 1970; 0 means never. */
export interface History {
  readonly lastConvertedAt: number
  readonly closedAt: number
  readonly customerStatusModifiedAt: number
  /** The changes of the customer status, oldest first: closed, or closed, re-opened and closed again. */
  readonly statusLogs: readonly { id: number; insertedAt: number; previousState: boolean }[]
  readonly lastModifiedAt: number
}

/** Makes up the events of a lead after its arrival. None is before the arrival or after lastModifiedAt. */
export function makeHistory(random: Random, arrival: Arrival, events: readonly ConversionEvent[]): History {
  const { insertedAt } = arrival
  const lastConvertedAt = events.at(-1)?.convertDate ?? 0
  const closedAt = random.percent(arrival.imported ? 4 : 12) ? insertedAt + random.integer(1, 200 * day) : 0
  const statusLogs = closedAt > 0 ? makeStatusLogs(random, closedAt) : []
  const customerStatusModifiedAt = statusLogs.at(-1)?.insertedAt ?? 0
  const busyUntil = Math.max(insertedAt, lastConvertedAt, customerStatusModifiedAt)
  // Half of all leads are never touched again: leads of an import have the same millisecond here as well.
  const lastModifiedAt = random.percent(50) ? busyUntil : busyUntil + random.integer(1, 400 * day)
  return { lastConvertedAt, closedAt, customerStatusModifiedAt, statusLogs, lastModifiedAt }
}

function makeStatusLogs(random: Random, closedAt: number): History['statusLogs'] {
  const times = random.percent(10) ? 3 : 1
  return Array.from({ length: times }, (_, index) => ({
    id: random.integer(1_000_000, 9_999_999),
    insertedAt: closedAt + index * day + random.integer(0, day - 1),
    previousState: index % 2 === 1,
  }))
}
