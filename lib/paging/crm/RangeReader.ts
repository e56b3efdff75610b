import { compareIds } from '../../crm/recordId.ts'
import type { SearchRange, SearchRequest } from './CrmRequest.ts'
import { type Row, type SearchList, totalOf, unusable } from './SearchList.ts'
import { serverCursor, tooMany } from './serverCursor.ts'

/** A range that could not be read further this many times in a row is given up. */
const maxFailures = 20

/**
 * Reads the ids and times of all records in a range, page after page by offset, as a set: search does not keep its order
 * reliably.
 *
 * A record that leaves the range moves those after it to lower offsets. So pages overlap: a page is used only if it
 * begins with a record that is known, or at offset 0. Otherwise it is dropped, and reading continues further back. So
 * each record that stays in the range is found, in whatever order the search has them, if only that order stays.
 */
export class RangeReader {
  readonly range: SearchRange
  /** The times of the records by their ids. */
  readonly rows = new Map<string, number>()
  readonly #list: SearchList
  #offset = 0
  #max = 0
  /** Records of the page that are in the range. */
  #page: Row[] = []
  /** Whether the page has a record of the right time whose id is not in the range. */
  #stranger: string | undefined
  #received = 0
  /** How many records the next page has in common with the one before: more after each page that began too late. */
  #overlap: number
  /** How many of the page's records are known because of that. */
  #expected = 0
  /** How far the last step back was. */
  #back = 0
  #failures = 0

  constructor(list: SearchList, range: SearchRange) {
    this.#list = list
    this.range = range
    this.#overlap = Math.ceil(list.pageSize / 40)
  }

  next(): SearchRequest {
    const { pageSize, reach } = this.#list
    this.#page = []
    this.#received = 0
    this.#stranger = undefined
    this.#max = Math.min(pageSize, reach - this.#offset)
    return { kind: 'search', max: this.#max, offset: this.#offset, range: this.range }
  }

  take(row: Row): void {
    const { from, to, ids } = this.range
    this.#received += 1
    if (this.#received > this.#max) throw tooMany(this.#max)
    const isInTime = row.time >= from && row.time <= to
    if (isInTime && (ids === undefined || isIn(row.id, ids))) {
      this.#page.push(row)
      return
    }
    this.#list.counts.outside += 1
    if (isInTime) this.#stranger ??= row.id
  }

  /**
   * Called when the page is complete.
   *
   * @returns 'read' if it was the last one, 'full' if the range has more records than a search reaches
   */
  finish(envelope: unknown): 'more' | 'read' | 'full' {
    const total = totalOf(envelope)
    if (total > this.#list.reach) return 'full'
    if (!this.#accept()) return 'more'
    if (serverCursor('the search', envelope) === undefined) {
      this.#list.counts.unlisted += Math.max(0, total - this.rows.size)
      return 'read'
    }
    this.#advance()
    return this.#offset < this.#list.reach ? 'more' : 'full'
  }

  /** Called when the page was cut off. Returns whether it had records that were not known. */
  interrupt(): boolean {
    const known = this.rows.size
    if (this.#page.length === 0 || !this.#accept()) return false
    this.#advance()
    return this.rows.size > known
  }

  /** Adds the records of the page, if none can be missing between them and those before. */
  #accept(): boolean {
    if (this.#stranger !== undefined) {
      this.#fail(`received record ${this.#stranger}, which is not in ${inWords(this.range)}`)
      return false
    }
    const [first] = this.#page
    if (this.#offset > 0 && (first === undefined || this.rows.get(first.id) !== first.time)) {
      this.#stepBack()
      return false
    }
    const known = this.rows.size
    for (const [index, { id, time }] of this.#page.entries()) {
      const before = this.rows.get(id)
      if (before === undefined || before < time) this.rows.set(id, time)
      else if (index >= this.#expected) this.#list.counts.repeated += 1
    }
    this.#back = 0
    if (this.rows.size > known) this.#failures = 0
    return true
  }

  #advance(): void {
    const { length } = this.#page
    const step = Math.max(length - this.#overlap, Math.floor(length / 2))
    if (step === 0) this.#fail(`a page of ${inWords(this.range)} has ${length} records, and more follow`)
    this.#expected = length - step
    this.#offset += step
  }

  #stepBack(): void {
    this.#fail(`the order of ${inWords(this.range)} changes from page to page`)
    this.#overlap = Math.min(2 * this.#overlap, Math.floor(this.#list.pageSize / 2))
    this.#back = Math.max(this.#overlap, 2 * this.#back)
    this.#offset = Math.max(0, this.#offset - this.#back)
    this.#expected = 0
  }

  /** @throws {LeadpipeError} PAGING if it happened too often in a row */
  #fail(problem: string): void {
    this.#failures += 1
    if (this.#failures > maxFailures) throw unusable(problem)
  }
}

const isIn = (id: string, { after, upTo }: NonNullable<SearchRange['ids']>): boolean =>
  (after === undefined || compareIds(id, after) > 0) && (upTo === undefined || compareIds(id, upTo) <= 0)

/** A range for messages. */
export function inWords({ from, to, ids }: SearchRange): string {
  const time = (milliseconds: number) => new Date(Math.min(milliseconds, 8.64e15)).toISOString()
  const { after, upTo } = ids ?? {}
  const bounds = [
    ...(after === undefined ? [] : [`ids after ${after}`]),
    ...(upTo === undefined ? [] : [`ids up to ${upTo}`]),
  ]
  const times = from === to ? time(from) : `${time(from)} to ${Number.isFinite(to) ? time(to) : 'now'}`
  return `the records of ${[times, ...bounds].join(', ')}`
}
