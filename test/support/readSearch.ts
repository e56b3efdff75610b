import { noBatchCounts } from '../../lib/paging/crm/batchCounts.ts'
import { type SearchOptions, searchPlan } from '../../lib/paging/crm/searchPlan.ts'
import { readAll } from './CrmList.ts'
import { CrmSearch, type Modified, type SearchFaults } from './CrmSearch.ts'

export const origin = 1_300_000_000_000
export const now = origin + 1_000_000_000
export const lag = 1_000

/** Reads the records by search, in pages of 5 ids within the first 40. */
export async function readSearch(
  search: CrmSearch,
  given: Partial<SearchOptions> = {},
  reading: Parameters<typeof readAll>[2] = {},
) {
  const counts = { ...noBatchCounts(), outside: 0, repeated: 0, unlisted: 0 }
  const records = {
    ...{ byId: true, maxIds: 4, associations: [], hidesMergedIds: false, counts, urlOf: () => 'http://crm' },
  }
  const plan = searchPlan({ property: 'time', lag, pageSize: 5, reach: 40, records, ...given })
  const source = search.pages(time => plan.answered(time))
  const read = await readAll(plan, source, reading)
  return {
    ...read,
    counts,
    positions: read.cursors.map(cursor => ({ records: 0, ...plan.position(cursor) })),
  }
}

/** Records at the times that the numbers say, after the origin. */
export function searchOf(times: readonly number[], faults?: SearchFaults): CrmSearch {
  const search = new CrmSearch(now, 40, faults)
  for (const [index, time] of times.entries()) search.add(String(index + 1), origin + time)
  return search
}

/** The ids of records. */
export const ids = (records: readonly Modified[]) => records.map(({ id }) => id)
