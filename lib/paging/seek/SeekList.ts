import { LeadpipeError } from '../../errors.ts'
import { maxPageSize, type TimePivot } from '../../lead/apiQuirks.ts'
import type { PageQuery } from '../../lead/LeadsQuery.ts'
import { Rejected } from '../../stage/Rejected.ts'
import type { Element } from '../LeadPlan.ts'

/** A place in the order of (time pivot, guid): everything up to it is done. */
export interface SeekCursor {
  /** The pivot; negative infinity before the first lead. */
  readonly time: number
  /** The guid; undefined where all of that time is done, '' where no lead that has a guid is. */
  readonly guid?: string
  /** About where the lead stood in the list of its time, where that is read by guid. */
  readonly tie?: number
  /** Digests of what has no guid or no time and came with this time, or behind it. */
  readonly others?: readonly string[]
  /** The digest of what this is the cursor of, if that is one of those. */
  readonly other?: string
}

/** What the name of a pivot is where it is sorted by: `firstConvertedAt` is no field of a lead. */
const sortNames = {
  insertedAt: 'insertedAt',
  firstConvertedAt: 'fce.convertDate',
  lastConvertedAt: 'lastConvertedAt',
  lastModifiedAt: 'lastModifiedAt',
  closedAt: 'closedAt',
} as const satisfies Record<TimePivot, string>

type Bound = 'startTime' | 'stopTime'

/**
 * The list that seek paging reads: how to ask for parts of it, and what was learned of the server that all of
 * its stretches go by.
 *
 * Whether bounds include their own time is not documented, so every request reaches a millisecond further
 * than it must, until a lead exactly on the bound proves that it is included. What lies outside is dropped.
 *
 * What has no guid, no time (a whole number; absent counts as 0), or is no lead has no place in the order. It is
 * handed on once behind the lead that it stands behind, told apart from others there by its text.
 */
export class SeekList {
  readonly pivot: TimePivot
  /** Pages that were read. */
  pages = 0
  /** Leads a page. */
  readonly size: number
  /** The first time that is in. */
  readonly start: number
  /** The last time that is in; infinite until the server's time is known. */
  stop: number
  readonly #included: Set<Bound>
  readonly #query: PageQuery
  /** The last time that is in, by the query. */
  readonly #ownStop: number

  /**
   * @param query checked: its startTime is not in, its stopTime is
   * @param included what was learned before
   */
  constructor(query: PageQuery, included: readonly Bound[] = []) {
    const { startTime, stopTime, timePivot = 'insertedAt', max = maxPageSize, ...rest } = query
    this.#query = rest
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

  /** Leads from a time on, in the order of the pivot, without so many at the beginning. */
  from(time: number, wanted: number, offset = 0): PageQuery {
    // One more than is wanted: the last group of a page is complete only when another lead follows.
    const max = Math.max(2, Math.min(this.size, wanted + 1))
    return {
      ...this.#query,
      sort: sortNames[this.pivot],
      dir: 'asc',
      max,
      ...(offset > 0 ? { offset } : {}),
      timePivot: this.pivot,
      // What is absent is in no range of times, for some servers: where it is to come, no bound of ours is sent.
      ...this.#bounds(time, time > 0 ? this.stop : this.#ownStop),
    }
  }

  /** All of it, in no order; undefined when nothing can be in it. */
  whole(): PageQuery | undefined {
    if (this.start > this.stop) return undefined
    return { ...this.#query, timePivot: this.pivot, ...this.#bounds(this.start, this.stop) }
  }

  /** Leads of one time, in the order of their guids. */
  at(time: number, offset: number): PageQuery {
    return {
      ...this.#query,
      sort: 'guid',
      dir: 'asc',
      max: this.size,
      ...(offset > 0 ? { offset } : {}),
      timePivot: this.pivot,
      ...this.#bounds(time, time),
    }
  }

  /**
   * Takes note of what a lead shows about the bounds that it was asked for with.
   *
   * @returns whether it stands exactly on a bound: asked again, the bound is where it should be
   */
  learn({ startTime, stopTime }: PageQuery, time: number): boolean {
    if (time === startTime) this.#included.add('startTime')
    if (time === stopTime) this.#included.add('stopTime')
    return time === startTime || time === stopTime
  }

  /**
   * The time by which an element is sorted; undefined for one that has none (it is no lead, or its pivot is no
   * whole number). An absent pivot is 0, as the API sends absent times.
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
    const hint = "read this list with paging: 'offset'"
    return new LeadpipeError('PAGING', `${message}; ${hint}`, { context: { timePivot: this.pivot } })
  }

  #bounds(first: number, last: number): Pick<PageQuery, 'startTime' | 'stopTime'> {
    const startTime = this.#included.has('startTime') ? first : first - 1
    const stopTime = this.#included.has('stopTime') ? last : last + 1
    return {
      // Without a startTime, a server lists what has no time as well; a negative one may be refused.
      ...(first > 0 && Number.isFinite(startTime) ? { startTime } : {}),
      ...(Number.isFinite(stopTime) ? { stopTime: Math.max(0, stopTime) } : {}),
    }
  }
}

/**
 * The convertDate of the first conversion event, wherever it stands; 0 without events. Undefined when an event has
 * none that can be read: what a server takes that for is not known.
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
