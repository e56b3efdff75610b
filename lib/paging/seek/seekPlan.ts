import type { PageQuery } from '../../lead/LeadsQuery.ts'
import type { SeekPosition } from '../../lead/Position.ts'
import type { LeadPlan, Stretch } from '../LeadPlan.ts'
import { type SeekCursor, SeekList } from './SeekList.ts'
import { enough, SeekPager, type SeekWindow } from './SeekPager.ts'
import { OverlapFilter } from './UnorderedElements.ts'

/**
 * Pages of the widest window. At its end half a page is wasted, on average. But of wider windows, fewer fit into what
 * may be read ahead: while the first one is read to its end, the others wait. (10,000 leads with ties, four windows at a
 * time: 40 answers one after the other instead of 46 with 12 pages; as many requests.)
 */
const widest = 6

/** A window that brings this many times the expected leads is ended early. */
const margin = 1.1

/** Pages that a window should have room for: at its end half a page is wasted, and more than half of a request. */
const pagesEach = 5

/** How seek paging is set up. */
export interface SeekOptions {
  /** Milliseconds by which the export stays behind the server's time. */
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
    others: from?.others,
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
    room: number,
  ): { end: number; expected: number; most: number } {
    const none = Number.POSITIVE_INFINITY
    if (isSequential) return { end: none, expected: none, most: none }
    // Density unknown: read one page to measure it.
    if (density === undefined || short || !Number.isFinite(gap.time))
      return { end: none, expected: list.size, most: 1 }
    // A window wider than the room for it would have to wait.
    const wide = Math.max(1, Math.min(pages, widest, room / margin))
    const expected = Math.min(wide * list.size, Math.max(list.size, wanted))
    const end = gap.time + 1 + Math.max(1, Math.ceil(expected / density))
    return { end: Math.min(end, Number.MAX_SAFE_INTEGER), expected, most: margin * expected }
  }

  /** Leads per millisecond in what was read last; undefined if it held too few leads outside ties to estimate. */
  function densityOf({ span, before = 0, window: { from, end } }: SeekPager): number | undefined {
    const first = Number.isFinite(from.time) ? from.time : (span.first ?? 0)
    const time = Math.min(before, end, list.stop) - first
    return span.spread >= enough(list) && Number.isFinite(time) && time > 0 ? span.spread / time : undefined
  }

  return {
    start,
    pagesEach,
    get place() {
      return gaps.first?.time
    },
    next(wanted, room = Number.POSITIVE_INFINITY) {
      const gap = gaps.first
      // The first pages may already hold all of a short list: most windows after its end would find nothing.
      const isFull = list.pages < 3 && open >= 2
      if (wanted <= 0 || isFull || gap === undefined || gap.time >= list.stop) return undefined
      const { end, expected, most } = windowAt(gap, wanted, room)
      const window = gaps.take(end, most)
      window.shortened = (behind, known) => {
        density = known ?? density
        gaps.add({ time: window.end - 1 }, behind)
      }
      window.isAlone = () => gaps.first === undefined || gaps.first.time >= list.stop
      const pager = new SeekPager(list, window)
      open += 1
      return { pager, expected, place: gap.time }
    },
    read({ pager }: Stretch<SeekCursor>) {
      const read = pager as SeekPager
      short = read.short && read.before !== read.window.end
      pages = Math.min(widest, pages * 2)
      open -= 1
      density = densityOf(read) ?? density
      const { before = Number.POSITIVE_INFINITY } = read
      gaps.read(read.window, { time: before - 1 })
    },
    join: ({ pager }: Stretch<SeekCursor>, cursor) => overlap.join(cursor, (pager as SeekPager).span),
    done({ pager }: Stretch<SeekCursor>) {
      overlap.done(pager as SeekPager)
      if ((pager as SeekPager).before !== Number.POSITIVE_INFINITY) return 'continue'
      open = 0
      return 'discard'
    },
    answered(time) {
      list.stop = Math.min(list.stop, time - lag)
    },
    counting: () => list.whole(),
    position: ({ time, guid, tie, others }) => ({
      paging: 'seek',
      timePivot: list.pivot,
      ...(Number.isFinite(list.start) ? { startTime: list.start - 1 } : {}),
      ...(Number.isFinite(list.stop) ? { stopTime: list.stop } : {}),
      ...(Number.isFinite(time) ? { pivot: time } : {}),
      ...(guid === undefined ? {} : { guid }),
      ...(tie === undefined ? {} : { tie }),
      ...(list.included.length > 0 ? { included: list.included } : {}),
      ...(others === undefined ? {} : { others }),
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
  take(end: number, most: number): SeekWindow {
    const gap = this.#gaps[0] as Gap
    const { from } = gap
    const window: SeekWindow = { from, end: Math.min(end, gap.end), most }
    this.#gaps.shift()
    if (window.end < gap.end) this.add({ time: window.end - 1 }, gap.end)
    return window
  }

  /** Adds the part of a window that it will not read. */
  add(from: SeekCursor, end: number): void {
    this.#gaps.push({ from, end })
    this.#gaps.sort((a, b) => a.from.time - b.from.time)
  }

  /** Records how far a window was read: not to its end, or beyond it if nothing came there. */
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
