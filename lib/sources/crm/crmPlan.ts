import type { CrmPosition, CursorPosition, IdPosition, SearchPosition } from '../../crm/CrmPosition.ts'
import { noBatchCounts } from '../../paging/crm/batchCounts.ts'
import type { CrmPlan } from '../../paging/crm/CrmRequest.ts'
import { cursorPlan, idsOf, type PageCursor } from '../../paging/crm/cursorPlan.ts'
import type { IdCursor } from '../../paging/crm/IdPager.ts'
import { idRangePlan } from '../../paging/crm/idRangePlan.ts'
import type { RecordSettings } from '../../paging/crm/RecordReader.ts'
import type { SearchCursor } from '../../paging/crm/SearchPager.ts'
import { type SearchOptions, searchPlan } from '../../paging/crm/searchPlan.ts'
import type { ListProgress } from '../DeliveredItems.ts'
import type { CrmSettings } from './options.ts'
import { modifiedProperty } from './searchBody.ts'

export type AnyCursor = IdCursor | PageCursor | SearchCursor

/** How a list of records is read. */
export interface CrmReading {
  readonly plan: CrmPlan<AnyCursor>
  readonly records: RecordSettings
  /** A position as plain JSON. */
  positionOf(progress: ListProgress<AnyCursor>): CrmPosition
}

/**
 * The plan of a list of records.
 *
 * @param from where to resume
 * @param isSequential whether one page is read after the other
 * @param urlOf scheme, host and path of a request, for messages
 */
export function crmPlan(
  type: string,
  settings: CrmSettings,
  from: CrmPosition | undefined,
  { isSequential, urlOf }: { isSequential: boolean; urlOf: RecordSettings['urlOf'] },
): CrmReading {
  const { paging, archived, associations, propertiesWithHistory } = settings
  const pageSize = propertiesWithHistory.length > 0 ? 50 : 100
  const records = {
    byId: false,
    hidesMergedIds: false,
    maxIds: pageSize,
    associations,
    counts: noBatchCounts(),
    urlOf,
  }
  if (paging === 'search') return searchReading(type, settings, from as SearchPosition | undefined, records)
  const options = { passes: archived === 'both' ? [false, true] : [archived], pageSize, records }
  const plan: CrmPlan<AnyCursor> =
    paging === 'id'
      ? idRangePlan({ ...options, isSequential, from: from as IdPosition | undefined })
      : cursorPlan({ ...options, from: from as CursorPosition | undefined })
  return { plan, records, positionOf }
}

/** Records in a page of a search, and how many of the matching ones HubSpot lets a search reach. */
const search = { pageSize: 200, reach: 10_000 }

function searchReading(
  type: string,
  { modifiedAfter, modifiedBefore, lag }: CrmSettings,
  from: SearchPosition | undefined,
  { counts, ...others }: RecordSettings,
): CrmReading {
  const records = {
    ...others,
    counts: { ...counts, outside: 0, repeated: 0, unlisted: 0 },
  } as SearchOptions['records']
  const property = modifiedProperty(type)
  const plan = searchPlan({ property, modifiedAfter, modifiedBefore, lag, from, ...search, records })
  return {
    plan,
    records,
    positionOf: ({ cursor, delivered }) => ({ records: delivered, ...plan.position(cursor as SearchCursor) }),
  }
}

function positionOf({ cursor, delivered: records }: ListProgress<AnyCursor>): CrmPosition {
  const place = cursor as IdCursor | PageCursor
  const archived = place.archived ? ({ archived: true } as const) : {}
  if ('known' in place) {
    const page = place.cursor === undefined ? {} : { cursor: place.cursor }
    return { paging: 'cursor', records, ...archived, ...page, ids: idsOf(place) }
  }
  const { id, withoutId } = place
  return {
    ...{ paging: 'id', records, ...archived },
    ...(id === undefined ? {} : { id }),
    ...(withoutId === 0 ? {} : { withoutId }),
  } as IdPosition
}
