import type { PageQuery } from '../../lead/LeadsQuery.ts'
import type { SeekPosition } from '../../lead/Position.ts'
import type { LeadPlan, Stretch } from '../LeadPlan.ts'
import { type SeekCursor, SeekList } from './SeekList.ts'
import { minLeadsForDensity, SeekPager, type SeekWindow } from './SeekPager.ts'
import { OverlapFilter } from './UnorderedElements.ts'

/**
 * Pages of the widest window. At the end of each window half a page is wasted, on average. But fewer wide windows fit
 * into the read-ahead budget: while the first one is read to its end, the others wait. (10,000 leads with
 * ties, four windows at a time: 40 answers one after the other instead of 46 with 12 pages; as many requests.)
 */
const maxWindowPages = 6

/** A window with this many times the expected leads is ended early. */
const margin = 1.1

/** Pages that must fit into the read-ahead budget for each window: at its end half a page is wasted, on average. */
const pagesEach = 5

/** How seek paging is set up. */
export interface SeekOptions {
  /** Milliseconds by which the end of the list lags behind the server's time. */
  lag: number
  /** Whether the list is read in one stretch, because nothing may be read ahead. Default: false. */
  isSequential?: boolean
  /** Where to resume; default: at the beginning. */
  from?: SeekPosition
}

/**
 * Reads a list in the order of (time pivot, guid), in time windows that can be read at the same time. The density of
 * the leads that were read last sets the width of the next windows. A window that turns out to hold many more leads is
 * ended early, and the rest of it is planned again.
 */
export function seekPlan(
  query: PageQuery,
  { lag, isSequential = false, from }: SeekOptions,
): LeadPlan<SeekCursor> {
  const list = new SeekList({ ...query, startTime: from?.startTime ?? query.startTime }, from?.included)
  const start: SeekCursor = {
    time: from?.pivot ?? list.start - 1,
    guid: from?.guid,
    tie: from?.tie,
    unordered: from?.others,
  }
  if (from?.stopTime !== undefined) list.stop = from.stopTime
  const gaps = new Gaps(start)
  const overlap = new OverlapFilter()
  /** Leads per millisecond; undefined while unknown. */
  let density: number | undefined
  /** Width of the next window, in pages: doubles with each window that is read. */
  let pages = 1
  /** Windows that are being read. */
  let open = 0
  /** Whether the last page was short: the list may end there, and many requests would find nothing. */
  let short = false

  function windowAt(
    gap: SeekCursor,
    wanted: number,
    pagesAhead: number,
  ): { end: number; expected: number; maxLeads: number } {
    const unlimited = Number.POSITIVE_INFINITY
    if (isSequential) return { end: unlimited, expected: unlimited, maxLeads: unlimited }
    // Density unknown: read one page to measure it.
    if (density === undefined || short || !Number.isFinite(gap.time))
      return { end: unlimited, expected: list.size, maxLeads: 1 }
    // A window wider than what may be read ahead would have to wait.
    const width = Math.max(1, Math.min(pages, maxWindowPages, pagesAhead / margin))
    const expected = Math.min(width * list.size, Math.max(list.size, wanted))
    const end = gap.time + 1 + Math.max(1, Math.ceil(expected / density))
    return { end: Math.min(end, Number.MAX_SAFE_INTEGER), expected, maxLeads: margin * expected }
  }

  /** Leads per millisecond in the window that was read last; undefined if it had too few leads outside ties. */
  function densityOf({ span, before = 0, window: { from, end } }: SeekPager): number | undefined {
    const first = Number.isFinite(from.time) ? from.time : (span.first ?? 0)
    const time = Math.min(before, end, list.stop) - first
    return span.spread >= minLeadsForDensity(list) && Number.isFinite(time) && time > 0
      ? span.spread / time
      : undefined
  }

  return {
    start,
    pagesEach,
    get nextOrder() {
      return gaps.first?.time
    },
    next(wanted, pagesAhead = Number.POSITIVE_INFINITY) {
      const gap = gaps.first
      // The first pages may already hold all of a short list: most windows after its end would find nothing.
      const isFull = list.pages < 3 && open >= 2
      if (wanted <= 0 || isFull || gap === undefined || gap.time >= list.stop) return undefined
      const { end, expected, maxLeads } = windowAt(gap, wanted, pagesAhead)
      const window = gaps.take(end, maxLeads)
      window.shortened = (oldEnd, knownDensity) => {
        density = knownDensity ?? density
        gaps.add({ time: window.end - 1 }, oldEnd)
      }
      window.isAlone = () => gaps.first === undefined || gaps.first.time >= list.stop
      const pager = new SeekPager(list, window)
      open += 1
      return { pager, expected, order: gap.time }
    },
    read({ pager }: Stretch<SeekCursor>) {
      const read = pager as SeekPager
      short = read.short && read.before !== read.window.end
      pages = Math.min(maxWindowPages, pages * 2)
      open -= 1
      density = densityOf(read) ?? density
      const { before = Number.POSITIVE_INFINITY } = read
      gaps.read(read.window, { time: before - 1 })
    },
    completeCursor: ({ pager }: Stretch<SeekCursor>, cursor) =>
      overlap.completeCursor(cursor, (pager as SeekPager).span),
    done({ pager }: Stretch<SeekCursor>) {
      overlap.done(pager as SeekPager)
      if ((pager as SeekPager).before !== Number.POSITIVE_INFINITY) return 'continue'
      open = 0
      return 'discard'
    },
    answered(time) {
      list.stop = Math.min(list.stop, time - lag)
    },
    countQuery: () => list.wholeList(),
    position: ({ time, guid, tie, unordered }) => ({
      paging: 'seek',
      timePivot: list.pivot,
      ...(Number.isFinite(list.start) ? { startTime: list.start - 1 } : {}),
      ...(Number.isFinite(list.stop) ? { stopTime: list.stop } : {}),
      ...(Number.isFinite(time) ? { pivot: time } : {}),
      ...(guid === undefined ? {} : { guid }),
      ...(tie === undefined ? {} : { tie }),
      ...(list.included.length > 0 ? { included: list.included } : {}),
      ...(unordered === undefined ? {} : { others: unordered }),
    }),
  }
}

interface Gap {
  from: SeekCursor
  /** The first time that is not in the gap. */
  end: number
}

/** The parts of a list that no window covers yet, in the order of time. */
export class Gaps {
  #gaps: Gap[]

  constructor(start: SeekCursor) {
    this.#gaps = [{ from: start, end: Number.POSITIVE_INFINITY }]
  }

  /** The start of the first gap; undefined if there is none. */
  get first(): SeekCursor | undefined {
    return this.#gaps[0]?.from
  }

  /** Takes a window from the start of the first gap. */
  take(end: number, maxLeads: number): SeekWindow {
    const gap = this.#gaps[0] as Gap
    const { from } = gap
    const window: SeekWindow = { from, end: Math.min(end, gap.end), maxLeads }
    this.#gaps.shift()
    if (window.end < gap.end) this.add({ time: window.end - 1 }, gap.end)
    return window
  }

  /** Adds the part of a window that it will not read. */
  add(from: SeekCursor, end: number): void {
    this.#gaps.push({ from, end })
    this.#gaps.sort((a, b) => a.from.time - b.from.time)
  }

  /** Records how far a window was read: not to its end, or beyond it if no leads follow there. */
  read({ from, end }: SeekWindow, to: SeekCursor): void {
    const before = to.time + 1
    if (before < end) {
      this.add(to, end)
      return
    }
    this.#gaps = this.#gaps.flatMap(gap => {
      if (gap.from.time < from.time || gap.from.time >= to.time) return [gap]
      return gap.end <= before ? [] : [{ ...gap, from: to }]
    })
  }
}
