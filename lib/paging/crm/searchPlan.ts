import type { SearchPosition } from '../../crm/CrmPosition.ts'
import { batchEquations } from './batchCounts.ts'
import type { CrmPlan } from './CrmRequest.ts'
import type { RecordSettings } from './RecordReader.ts'
import type { SearchCounts, SearchList } from './SearchList.ts'
import { type SearchCursor, SearchPager } from './SearchPager.ts'

/** Which records are read by the time of their last modification, and how. */
export interface SearchOptions {
  /** The property with that time. */
  readonly property: string
  /** The list excludes this time, in milliseconds since 1970. Default: none. */
  readonly modifiedAfter?: number | undefined
  /** The list includes this time. Default: none. */
  readonly modifiedBefore?: number | undefined
  /** Milliseconds by which the end of the list lags behind the server's time. */
  readonly lag: number
  /** Where to resume; default: at the beginning. */
  readonly from?: SearchPosition | undefined
  /** Records in a full page of a search. */
  readonly pageSize: number
  /** How many of the records that match a search can be reached. */
  readonly reach: number
  readonly records: RecordSettings & { readonly counts: SearchCounts }
}

/** The plan of a list that is read by search. */
export interface SearchPlan extends CrmPlan<SearchCursor> {
  answered(time: number): void
  /** A cursor as plain JSON. */
  position(cursor: SearchCursor): Omit<SearchPosition, 'records'>
}

/** The first time of a list that excludes a time. HubSpot's search fails if 0 is requested. */
export const firstTime = (modifiedAfter = 0): number => Math.max(1_000, modifiedAfter + 1)

/** A part of the list that no range covers yet. */
interface Gap {
  readonly from: SearchCursor
  readonly to: number
}

/**
 * Reads the records that were modified in a range of time, in the order of (time, id). Each stretch takes the first
 * range that no other one covers. If that has more records than a search reaches, it takes only the first part, so that
 * the rest can be read at the same time.
 */
export function searchPlan(options: SearchOptions): SearchPlan {
  const { property, pageSize, reach, lag, from, records } = options
  const { counts } = records
  const modifiedAfter = from?.modifiedAfter ?? options.modifiedAfter
  const ownStop = options.modifiedBefore ?? Number.POSITIVE_INFINITY
  const list: SearchList = {
    property,
    pageSize,
    reach,
    counts,
    stop: from?.modifiedBefore ?? ownStop,
    isSorted: true,
  }
  let isStopKnown = from?.modifiedBefore !== undefined
  const first = firstTime(modifiedAfter)
  const start: SearchCursor =
    from?.id === undefined ? { time: first } : { time: Math.max(first, from.time ?? 0), id: from.id }
  let gaps: Gap[] = [{ from: start, to: list.stop }]

  return {
    start,
    counts,
    equations: () => batchEquations(counts),
    get nextOrder() {
      return gaps[0]?.from.time
    },
    next(wanted) {
      const [gap, ...rest] = gaps
      if (wanted <= 0 || gap === undefined || gap.from.time > list.stop) return undefined
      gaps = rest
      const cutShort = (from: number, to: number) => {
        gaps = [...gaps, { from: { time: from }, to }].toSorted((a, b) => a.from.time - b.from.time)
      }
      const pager = new SearchPager(list, gap, records, cutShort)
      return { pager, expected: reach, order: gap.from.time }
    },
    done: () => 'continue',
    answered(time) {
      if (!isStopKnown) list.stop = Math.min(ownStop, time - lag)
      isStopKnown = true
    },
    position: ({ time, id }) => ({
      paging: 'search',
      ...(modifiedAfter === undefined ? {} : { modifiedAfter }),
      ...(isStopKnown ? { modifiedBefore: list.stop } : {}),
      ...(id === undefined ? {} : { time, id }),
    }),
  }
}
