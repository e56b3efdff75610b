import type { IdPosition } from '../../crm/CrmPosition.ts'
import type { AnyRecord } from '../../crm/CrmRecord.ts'
import { idAfter } from '../../crm/recordId.ts'
import type { Stretch } from '../Pager.ts'
import { batchEquations } from './batchCounts.ts'
import type { CrmPlan, CrmRequest } from './CrmRequest.ts'
import { type IdCursor, IdPager, isShort } from './IdPager.ts'
import type { RecordSettings } from './RecordReader.ts'

/** How a list of records is read in the order of ids. */
export interface IdListOptions {
  /** Which lists are read, one after the other: of records that are archived, or are not. */
  readonly passes: readonly boolean[]
  /** Records in a full page. */
  readonly pageSize: number
  /** Whether the list is read in one stretch, because nothing may be read ahead. */
  readonly isSequential: boolean
  /** Where to resume; default: at the beginning. */
  readonly from?: IdPosition | undefined
  readonly records: RecordSettings
}

type IdStretch = Stretch<AnyRecord, CrmRequest, IdCursor>

/**
 * Reads a list in the order of ids, in ranges of ids that can be read at the same time. The ids of the records that
 * were read last say how far apart the bounds of the next ranges are.
 */
export function idRangePlan(options: IdListOptions): CrmPlan<IdCursor> {
  const { from, records } = options
  const remaining = options.passes.slice(from?.archived ? options.passes.indexOf(true) : 0)
  const start: IdCursor = { archived: remaining[0] ?? false, id: from?.id, withoutId: from?.withoutId ?? 0 }
  const passes = remaining.map(
    (archived, index) =>
      new IdRanges(options, index === 0 ? start : { archived, withoutId: 0 }, index * passOrder),
  )
  let current = passes.shift() as IdRanges
  const begun = [current]
  const rangesOf = ({ order }: IdStretch) => begun[Math.floor(order / passOrder)] as IdRanges

  return {
    start,
    pagesEach,
    counts: records.counts,
    equations: () => batchEquations(records.counts),
    get nextOrder() {
      return current.nextOrder
    },
    next(wanted, pagesAhead) {
      if (wanted <= 0) return undefined
      const following = current.isRead ? passes.shift() : undefined
      if (following !== undefined) {
        current = following
        begun.push(following)
      }
      return current.next(wanted, pagesAhead)
    },
    read: stretch => rangesOf(stretch).read(stretch),
    completeCursor: (stretch, cursor) => rangesOf(stretch).completeCursor(stretch, cursor),
    done(stretch) {
      rangesOf(stretch).done(stretch)
      return 'continue'
    },
  }
}

/** Pages of the widest range that is read at the same time as others. */
const maxRangePages = 20

/** Pages of a range that is read alone: it ends after a page, so nothing is wasted. */
const alonePages = 10

/** Pages that must fit into the read-ahead budget for each range. */
const pagesEach = 8

/** A range with this many times the expected records is ended early. */
const margin = 1.1

/** The share of the pages that may be wasted, and the pages beyond that, in a list with at least `alonePages`. */
const maxWaste = { share: 0.04, pages: 2 }

/** More than any id that is calculated with. */
const maxNumber = 1e15

/** Added to the orders of the ranges of a second list, which are up to `maxNumber`. */
const passOrder = 2 * maxNumber

/** The parts of one list that are not read yet, and those that are being read. */
class IdRanges {
  readonly #options: IdListOptions
  readonly #start: IdCursor
  /** Added to the order of each range. */
  readonly #firstOrder: number
  /** The parts that no range covers yet: the first id of each, and the first after it. In ascending order. */
  #gaps: Gap[]
  /** Ranges that are being read. */
  #open = 0
  /** Ids per record in the range that was read last; undefined while unknown. */
  #spacing: number | undefined
  /** Whether the range that was delivered last was read beyond its end. */
  #overlaps = false
  /** Pages read, and those that were not needed: parts of pages count too. */
  #pages = 0
  #wasted = 0

  constructor(options: IdListOptions, start: IdCursor, firstOrder: number) {
    this.#options = options
    this.#start = start
    this.#firstOrder = firstOrder
    this.#gaps = [{ from: this.#startNumber, end: Number.POSITIVE_INFINITY }]
  }

  /** Whether every range of the list is read. */
  get isRead(): boolean {
    return this.#gaps.length === 0 && this.#open === 0
  }

  get nextOrder(): number | undefined {
    const [gap] = this.#gaps
    return gap && this.#firstOrder + gap.from
  }

  next(wanted: number, pagesAhead = Number.POSITIVE_INFINITY): IdStretch | undefined {
    const [gap] = this.#gaps
    if (gap === undefined) return undefined
    const { end, expected, maxRecords } = this.#width(gap, wanted, pagesAhead)
    // Only ranges with an end can be read at the same time.
    if (end === Number.POSITIVE_INFINITY && this.#open > 0) return undefined
    this.#gaps = [...(end < gap.end ? [{ from: end, end: gap.end }] : []), ...this.#gaps.slice(1)]
    this.#open += 1
    const range = {
      ...this.#beginningAt(gap.from),
      end: end === Number.POSITIVE_INFINITY ? undefined : String(end),
      maxRecords,
    }
    const pager = new IdPager(range, this.#options.pageSize, this.#options.records)
    return { pager, expected, order: this.#firstOrder + gap.from }
  }

  read({ pager, order }: IdStretch): void {
    const { range, span, pages, rest, beyond, lastUsed, isListEnd } = pager as IdPager
    const end = range.end === undefined ? Number.POSITIVE_INFINITY : Number(range.end)
    this.#open -= 1
    this.#pages += pages
    this.#spacing = span.spacing ?? this.#spacing
    if (beyond !== undefined || (isListEnd && lastUsed === 0)) {
      this.#wasted += 1 - lastUsed / this.#options.pageSize
    }
    if (rest !== undefined) {
      this.#gaps = [{ from: Number(rest), end }, ...this.#gaps].toSorted((a, b) => a.from - b.from)
    } else if (beyond !== undefined) {
      this.#skip(end, Math.min(Number(beyond), maxNumber))
    } else if (isListEnd) {
      this.#gaps = this.#gaps.filter(({ from }) => from < order - this.#firstOrder)
    }
  }

  /** Elements without an id at the beginning of a range were delivered with the range before, if it received them too. */
  completeCursor({ pager }: IdStretch, cursor: IdCursor): IdCursor | undefined {
    const isFirst = cursor.withoutId > 0 && cursor.id === (pager as IdPager).range.from.id
    return isFirst && this.#overlaps ? undefined : cursor
  }

  done({ pager }: IdStretch): void {
    const { beyond, isListEnd } = pager as IdPager
    this.#overlaps = beyond !== undefined || isListEnd
  }

  /** Where a range that begins at `gap` ends, how many records are expected in it, and after how many it is ended. */
  #width(gap: Gap, wanted: number, pagesAhead: number) {
    const { pageSize, isSequential } = this.#options
    const unlimited = Number.POSITIVE_INFINITY
    if (isSequential || gap.from >= maxNumber) {
      return { end: gap.end, expected: unlimited, maxRecords: unlimited }
    }
    const recordsOf = (pages: number) => Math.min(pages * pageSize, Math.max(pageSize, wanted))
    const alone = recordsOf(alonePages)
    if (this.#spacing === undefined || !this.#mayWaste) {
      return { end: gap.end, expected: alone, maxRecords: alone }
    }
    const expected = recordsOf(Math.max(1, Math.min(maxRangePages, Math.floor(pagesAhead / margin))))
    const end = Math.min(gap.end, gap.from + Math.ceil(expected * this.#spacing))
    return { end: end < maxNumber ? end : gap.end, expected, maxRecords: margin * expected }
  }

  /** Whether one more range may have an end: at the end of each, up to a page is wasted. Two at least, or none. */
  get #mayWaste(): boolean {
    if (this.#pages < alonePages) return false
    return this.#wasted + Math.max(2, this.#open + 1) <= maxWaste.share * this.#pages + maxWaste.pages
  }

  /** Removes the ids from `from` to `to`, which is not included: there are no records. */
  #skip(from: number, to: number): void {
    this.#gaps = this.#gaps.flatMap(gap => {
      if (gap.from < from || gap.from >= to) return [gap]
      return gap.end <= to ? [] : [{ from: to, end: gap.end }]
    })
  }

  /** A number for the first id. */
  get #startNumber(): number {
    const { id } = this.#start
    if (id === undefined) return 0
    return isShort(id) ? Number(id) + 1 : maxNumber
  }

  /** The position before an id, and that id. */
  #beginningAt(from: number): { from: IdCursor; first: string | undefined } {
    const { archived, id } = this.#start
    if (from === this.#startNumber)
      return { from: this.#start, first: id === undefined ? undefined : idAfter(id) }
    return { from: { archived, id: String(from - 1), withoutId: 0 }, first: String(from) }
  }
}

interface Gap {
  readonly from: number
  readonly end: number
}
