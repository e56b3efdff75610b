import { LeadpipeError } from '../../errors.ts'
import { maxPageSize, type TimePivot } from '../../lead/apiQuirks.ts'
import type { PageQuery } from '../../lead/LeadsQuery.ts'
import { Rejected } from '../../stage/Rejected.ts'
import type { Element } from '../LeadPlan.ts'

/** A position in the order of (time pivot, guid): everything up to it is done. */
export interface SeekCursor {
  /** The pivot; negative infinity before the first lead. */
  readonly time: number
  /** The guid; undefined if all of that time is done, '' if no lead of it with a guid is done. */
  readonly guid?: string
  /** The approximate offset of the lead in the list of its time, if that list is read by guid. */
  readonly tie?: number
  /** Digests of the elements without a guid or a time that belong to this time, or follow it. */
  readonly unordered?: readonly string[]
  /** The digest of the element that this cursor belongs to, if it is one of those. */
  readonly ownDigest?: string
}

/** The name by which the server sorts each pivot: `firstConvertedAt` is not a field of a lead. */
const sortNames = {
  insertedAt: 'insertedAt',
  firstConvertedAt: 'fce.convertDate',
  lastConvertedAt: 'lastConvertedAt',
  lastModifiedAt: 'lastModifiedAt',
  closedAt: 'closedAt',
} as const satisfies Record<TimePivot, string>

type Bound = 'startTime' | 'stopTime'

/**
 * The list that seek paging reads: how to request parts of it, and what was learned about the server, which all its
 * stretches share.
 *
 * Whether bounds include their own time is not documented. So every request reaches a millisecond further than it must,
 * until a lead exactly on the bound proves that the bound is included. Leads outside the range are dropped.
 *
 * Elements that are not leads, or have no guid or no time (an integer; absent counts as 0), cannot be ordered. Each is
 * delivered once, after the lead that precedes it in the response, and deduplicated by its raw text.
 */
export class SeekList {
  readonly pivot: TimePivot
  /** Pages that had leads. */
  pages = 0
  /** Leads per page. */
  readonly size: number
  /** The first time in the list. */
  readonly start: number
  /** The last time in the list; infinite until the server's time is known. */
  stop: number
  readonly #included: Set<Bound>
  readonly #query: PageQuery
  /** The last time in the list according to the query. */
  readonly #ownStop: number

  /**
   * @param query checked; it excludes its startTime and includes its stopTime
   * @param included the bounds that are already known to include their own time
   */
  constructor(query: PageQuery, included: readonly Bound[] = []) {
    const { startTime, stopTime, timePivot = 'insertedAt', max = maxPageSize, ...otherParameters } = query
    this.#query = otherParameters
    this.#included = new Set(included)
    this.pivot = timePivot
    this.size = max
    this.start = startTime === undefined ? Number.NEGATIVE_INFINITY : Number(startTime) + 1
    this.#ownStop = stopTime === undefined ? Number.POSITIVE_INFINITY : Number(stopTime)
    this.stop = this.#ownStop
  }

  /** Which bounds are known to include their own time. */
  get included(): Bound[] {
    return [...this.#included]
  }

  /** The request for leads from a time on, in the order of the pivot, without the first `offset`. */
  from(time: number, wanted: number, offset = 0): PageQuery {
    // One more than wanted: the last tie of a page is known to be complete only if another lead follows.
    const max = Math.max(2, Math.min(this.size, wanted + 1))
    return {
      ...this.#query,
      sort: sortNames[this.pivot],
      dir: 'asc',
      max,
      ...(offset > 0 ? { offset } : {}),
      timePivot: this.pivot,
      // For some servers, a lead without a pivot is in no time range: a request that must return such leads has only
      // the query's own bounds.
      ...this.#bounds(time, time > 0 ? this.stop : this.#ownStop),
    }
  }

  /** The request for the whole list, in no order; undefined if the list must be empty. */
  wholeList(): PageQuery | undefined {
    if (this.start > this.stop) return undefined
    return { ...this.#query, timePivot: this.pivot, ...this.#bounds(this.start, this.stop) }
  }

  /** The request for the leads of one time, in the order of their guids, or the other way round. */
  at(time: number, offset: number, dir: 'asc' | 'desc' = 'asc'): PageQuery {
    return {
      ...this.#query,
      sort: 'guid',
      dir,
      max: this.size,
      ...(offset > 0 ? { offset } : {}),
      timePivot: this.pivot,
      ...this.#bounds(time, time),
    }
  }

  /**
   * Records what a lead shows about the bounds of its request.
   *
   * @returns whether the lead is exactly on a bound: the next request then has the exact bound
   */
  learn({ startTime, stopTime }: PageQuery, time: number): boolean {
    if (time === startTime) this.#included.add('startTime')
    if (time === stopTime) this.#included.add('stopTime')
    return time === startTime || time === stopTime
  }

  /**
   * The time by which an element is sorted; undefined if it is not a lead, or if its pivot is not an integer. An absent
   * pivot is 0, as the API sends absent times.
   */
  timeOf({ value }: Element): number | undefined {
    if (value instanceof Rejected) return undefined
    if (this.pivot === 'firstConvertedAt') return firstConversion(value)
    const time = value[this.pivot]
    if (time === undefined || time === null) return 0
    return Number.isSafeInteger(time) ? (time as number) : undefined
  }

  /** The error for a list that can't be read by seeking. */
  error(message: string): LeadpipeError {
    const remedy = { owner: 'leads()', option: 'paging', to: "'offset' to read this list" }
    return new LeadpipeError('PAGING', message, { context: { timePivot: this.pivot, remedy } })
  }

  #bounds(first: number, last: number): Pick<PageQuery, 'startTime' | 'stopTime'> {
    const startTime = this.#included.has('startTime') ? first : first - 1
    const stopTime = this.#included.has('stopTime') ? last : last + 1
    return {
      // Without a startTime, a server also lists leads without a time; it may refuse a negative startTime.
      ...(first > 0 && Number.isFinite(startTime) ? { startTime } : {}),
      ...(Number.isFinite(stopTime) ? { stopTime: Math.max(0, stopTime) } : {}),
    }
  }
}

/**
 * The earliest convertDate of the conversion events; 0 without events. Undefined if an event has no valid convertDate:
 * it is not known how a server sorts that.
 */
function firstConversion({ leadConversionEvents }: { leadConversionEvents?: unknown }): number | undefined {
  if (!Array.isArray(leadConversionEvents) || leadConversionEvents.length === 0) return 0
  let first = Number.POSITIVE_INFINITY
  for (const event of leadConversionEvents) {
    const time: unknown = event?.convertDate
    if (!Number.isSafeInteger(time)) return undefined
    first = Math.min(first, time as number)
  }
  return first
}
