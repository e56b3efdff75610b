import { compareIds } from '../../crm/recordId.ts'
import type { CrmPager, CrmRequest, Element, EmitElement, SearchRange } from './CrmRequest.ts'
import { FarPage, firstPart } from './firstPart.ts'
import { RangeReader } from './RangeReader.ts'
import { RecordReader, type RecordSettings } from './RecordReader.ts'
import { type Row, rowOf, type SearchList } from './SearchList.ts'

/** A position in a list of records in the order of (time of the last modification, id). */
export interface SearchCursor {
  readonly time: number
  /** The last record of that time that is done; undefined if none is. */
  readonly id?: string
}

/**
 * Reads the records that were modified within a range of time: first the ids of all, by search, then the records in the
 * order of (time, id), by batch read. A range with more records than a search reaches is cut short. If a single
 * millisecond has so many, it is read in ranges of ids.
 */
export class SearchPager implements CrmPager<SearchCursor> {
  readonly #list: SearchList
  readonly #from: SearchCursor
  readonly #maxIds: number
  /** Called with the time after the end, if the range is cut short, and with the end that it had. */
  readonly #cutShort: (from: number, to: number) => void
  readonly #reader: RecordReader<SearchCursor>
  /** Undefined if every id is known. */
  #search: RangeReader | FarPage | undefined
  /** Whether the range was cut short before. */
  #hasDivided = false
  /** Whether the records where it was cut were not in the order of time. */
  #isDoubtful = false
  /** The ids of the range. */
  #known: ReadonlyMap<string, number> = new Map()
  /** Records that were delivered because others of the range were merged into them. */
  readonly #survivors = new Set<string>()
  /** The records to read, in their order, and how many of them are read. */
  #rows: readonly Row[] = []
  #begun = 0

  /**
   * @param from where the range begins: everything before it is done
   * @param to the last time of the range; infinite for the end of the list
   */
  constructor(
    list: SearchList,
    { from, to }: { from: SearchCursor; to: number },
    records: RecordSettings,
    cutShort: (from: number, to: number) => void,
  ) {
    this.#list = list
    this.#from = from
    this.#maxIds = records.maxIds
    this.#cutShort = cutShort
    this.#reader = new RecordReader(records, false, survivor => this.#isShown(survivor.id))
    this.#search = new RangeReader(list, { from: from.time, to })
  }

  next(wanted: number): CrmRequest | undefined {
    const parts = this.#reader.next()
    if (parts !== undefined || wanted <= 0) return parts
    if (this.#begun === this.#rows.length) {
      this.#known = new Map()
      this.#rows = []
      this.#begun = 0
      return this.#search?.next()
    }
    const end = this.#begun + Math.min(this.#maxIds, wanted)
    for (const { id, time } of this.#rows.slice(this.#begun, end)) this.#reader.addId(id, { time, id })
    this.#begun = Math.min(end, this.#rows.length)
    return this.#reader.next()
  }

  take(element: Element, emit: EmitElement<SearchCursor>): undefined {
    if (this.#reader.isReading) this.#reader.take(element, emit)
    else this.#search?.take(rowOf(element, this.#list.property))
    return undefined
  }

  finish(_received: number, emit: EmitElement<SearchCursor>, envelope?: unknown): void {
    if (this.#reader.isReading) this.#reader.finish(emit, envelope)
    else if (this.#search instanceof FarPage) this.#divide(this.#search.range, this.#search.rows)
    else if (this.#search !== undefined) this.#finishPage(this.#search, envelope)
  }

  interrupt(): boolean {
    if (this.#reader.isReading) return this.#reader.interrupt()
    return this.#search?.interrupt() ?? false
  }

  #finishPage(search: RangeReader, envelope: unknown): void {
    const { range } = search
    const outcome = search.finish(envelope)
    // The first answer says where the list ends.
    const to = Math.min(range.to, this.#list.stop)
    if (outcome === 'read') this.#takeRows(search, to)
    else if (to < range.to) this.#search = new RangeReader(this.#list, { ...range, to })
    else if (outcome === 'full') this.#shorten(range)
  }

  #shorten(range: SearchRange): void {
    const { from, to, ids } = range
    if (from === to) {
      const isBounded = ids?.upTo !== undefined
      if (isBounded) this.#divide(range, [])
      else this.#search = new FarPage(this.#list, { from, to, ids: { after: ids?.after } })
    } else if (this.#hasDivided || !this.#list.isSorted) this.#divide(range, [])
    else this.#search = new FarPage(this.#list, range)
  }

  #divide(range: SearchRange, far: readonly Row[]): void {
    const part = firstPart(range, far)
    this.#hasDivided = true
    this.#isDoubtful = far.some(({ time }, index) => time < (far[index - 1]?.time ?? 0))
    if (part.to < range.to) this.#cutShort(part.to + 1, range.to)
    this.#search = new RangeReader(this.#list, part)
  }

  /** Takes the records of a range that was read, up to a time. After a range of ids, those that follow are read. */
  #takeRows({ range: { ids }, rows }: RangeReader, to: number): void {
    const from = this.#from
    if (this.#isDoubtful && 2 * rows.size < this.#list.reach) this.#list.isSorted = false
    this.#known = rows
    this.#rows = [...rows]
      .map(([id, time]) => ({ id, time }))
      .filter(({ id, time }) => time <= to && isAfter(from, time, id))
      .toSorted((a, b) => a.time - b.time || compareIds(a.id, b.id))
    const after = ids?.upTo
    this.#search =
      after === undefined
        ? undefined
        : new RangeReader(this.#list, { from: from.time, to: from.time, ids: { after } })
  }

  /** Whether a record that others were merged into is delivered in place of them: once, if it is not in the range. */
  #isShown(survivor: string): boolean {
    if (this.#known.has(survivor) || this.#survivors.has(survivor)) return false
    this.#survivors.add(survivor)
    return true
  }
}

const isAfter = (cursor: SearchCursor, time: number, id: string): boolean =>
  time > cursor.time || cursor.id === undefined || compareIds(id, cursor.id) > 0
