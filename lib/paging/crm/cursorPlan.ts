import { type CursorPosition, maxPageIds } from '../../crm/CrmPosition.ts'
import { idOf } from '../../crm/CrmRecord.ts'
import { Rejected } from '../../stage/Rejected.ts'
import { batchEquations } from './batchCounts.ts'
import type { CrmPager, CrmPlan, CrmRequest, Element, EmitElement } from './CrmRequest.ts'
import { Cursors } from './Cursors.ts'
import { checkArchived } from './IdPager.ts'
import { keyOf } from './keyOf.ts'
import { RecordReader, type RecordSettings } from './RecordReader.ts'
import { tooMany } from './serverCursor.ts'

/** A position in a list that is paged by the server's cursor. */
export interface PageCursor {
  readonly archived: boolean
  /** The cursor of the page; undefined for the first one. */
  readonly cursor?: string | undefined
  /** The ids of the elements of that page, and how many of them were received so far. The array may grow. */
  readonly page: readonly string[]
  readonly received: number
  /** The ids that were delivered before the page was requested, and how many of them the page has passed. */
  readonly known: readonly string[]
  readonly passed: number
}

/** The ids of the elements from the cursor of the page on that were delivered, in the order of the list. */
export const idsOf = ({ page, received, known, passed }: PageCursor): string[] =>
  [...page.slice(0, received), ...known.slice(passed)].slice(0, maxPageIds)

/** How a list of records is read by the server's cursor. */
export interface CursorListOptions {
  /** Which lists are read, one after the other: of records that are archived, or are not. */
  readonly passes: readonly boolean[]
  /** Records in a full page. */
  readonly pageSize: number
  /** Where to resume; default: at the beginning. */
  readonly from?: CursorPosition | undefined
  readonly records: RecordSettings
}

/** Reads a list by the server's cursor, page after page, in the server's order. */
export function cursorPlan({ passes, pageSize, from, records }: CursorListOptions): CrmPlan<PageCursor> {
  const remaining = passes.slice(from?.archived ? passes.indexOf(true) : 0)
  const beginning = (archived: boolean) => ({ archived, page: [], received: 0, known: [], passed: 0 })
  const start: PageCursor = {
    ...beginning(remaining[0] ?? false),
    cursor: from?.cursor,
    known: from?.ids ?? [],
  }
  const stretches = remaining.map((archived, order) => ({
    pager: new CursorPager(order === 0 ? start : beginning(archived), pageSize, records),
    expected: Number.POSITIVE_INFINITY,
    order,
  }))
  return {
    start,
    counts: records.counts,
    equations: () => batchEquations(records.counts),
    next: () => stretches.shift(),
    done: () => 'continue',
  }
}

/**
 * Follows `paging.next.after`. A page that was cut off is requested again with the same cursor, and the elements that
 * were delivered are skipped by their ids, or by their content if they have none.
 */
class CursorPager implements CrmPager<PageCursor> {
  readonly #pageSize: number
  readonly #reader: RecordReader<PageCursor>
  readonly #cursors: Cursors
  /** After the last received element. */
  #place: PageCursor
  /** The ids of the elements that the requested page has so far. */
  #page: string[] = []
  /** Whether the requested page has brought an element that was not delivered or held before. */
  #hasNew = false
  #max = 0
  #hasEnded = false

  constructor(start: PageCursor, pageSize: number, settings: RecordSettings) {
    this.#pageSize = pageSize
    this.#reader = new RecordReader(settings, start.archived)
    this.#cursors = new Cursors('the list of records', start.cursor)
    this.#place = start
  }

  next(wanted: number): CrmRequest | undefined {
    const parts = this.#reader.next()
    if (parts !== undefined) return parts
    if (this.#hasEnded || wanted <= 0) return undefined
    const { archived } = this.#place
    const { after } = this.#cursors
    const known = idsOf(this.#place)
    this.#page = []
    this.#place = { archived, cursor: after, page: this.#page, received: 0, known, passed: 0 }
    this.#hasNew = false
    this.#max = Math.min(this.#pageSize, wanted + known.length)
    return { kind: 'list', max: this.#max, archived, after }
  }

  take(element: Element, emit: EmitElement<PageCursor>): undefined {
    if (this.#reader.isReading) {
      this.#reader.take(element, emit)
      return undefined
    }
    const { archived, known, passed } = this.#place
    const { value } = element
    const id = idOf(value) ?? keyOf(element)
    const received = this.#page.push(id)
    if (received > this.#max) throw tooMany(this.#max)
    const index = known.indexOf(id, passed)
    this.#place = { ...this.#place, received, passed: index < 0 ? passed : index + 1 }
    if (index >= 0) return undefined
    if (!(value instanceof Rejected)) checkArchived(value, archived)
    this.#hasNew = true
    this.#reader.add(element, this.#place, emit)
    return undefined
  }

  finish(_received: number, emit: EmitElement<PageCursor>, envelope?: unknown): void {
    if (this.#reader.isReading) {
      this.#reader.finish(emit, envelope)
      return
    }
    this.#hasEnded = !this.#cursors.follow(envelope)
    // A page that is requested again may end earlier: then the next one begins with elements that were delivered.
    this.#place = { ...this.#place, page: [], received: 0 }
    this.#reader.emitComplete(emit)
  }

  interrupt(): boolean {
    if (this.#reader.isReading) return this.#reader.interrupt()
    return this.#hasNew
  }
}
