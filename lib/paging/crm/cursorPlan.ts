import type { CursorPosition } from '../../crm/CrmPosition.ts'
import { Rejected } from '../../stage/Rejected.ts'
import { batchEquations } from './batchCounts.ts'
import type { CrmPager, CrmPlan, CrmRequest, Element, EmitElement } from './CrmRequest.ts'
import { Cursors } from './Cursors.ts'
import { checkArchived } from './IdPager.ts'
import { RecordReader, type RecordSettings } from './RecordReader.ts'
import { tooMany } from './serverCursor.ts'

/** A position in a list that is paged by the server's cursor. */
export interface PageCursor {
  readonly archived: boolean
  /** The cursor of the page; undefined for the first one. */
  readonly cursor?: string | undefined
  /** How many elements from there on were delivered. */
  readonly elements: number
}

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
  const start = { archived: remaining[0] ?? false, cursor: from?.cursor, elements: from?.elements ?? 0 }
  const stretches = remaining.map((archived, order) => ({
    pager: new CursorPager(order === 0 ? start : { archived, elements: 0 }, pageSize, records),
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
 * were delivered are skipped.
 */
class CursorPager implements CrmPager<PageCursor> {
  readonly #archived: boolean
  readonly #pageSize: number
  readonly #reader: RecordReader<PageCursor>
  readonly #cursors: Cursors
  /** Elements of the list from the cursor on that are delivered or held. */
  #elements: number
  #received = 0
  /** How many elements of the requested page were delivered or held before. */
  #skipped = 0
  #max = 0
  #hasEnded = false
  constructor({ archived, cursor, elements }: PageCursor, pageSize: number, settings: RecordSettings) {
    this.#archived = archived
    this.#pageSize = pageSize
    this.#reader = new RecordReader(settings, archived)
    this.#cursors = new Cursors('the list of records', cursor)
    this.#elements = elements
  }

  next(wanted: number): CrmRequest | undefined {
    const parts = this.#reader.next()
    if (parts !== undefined) return parts
    if (this.#hasEnded || wanted <= 0) return undefined
    this.#received = 0
    this.#skipped = this.#elements
    this.#max = Math.min(this.#pageSize, wanted + this.#elements)
    return { kind: 'list', max: this.#max, archived: this.#archived, after: this.#cursors.after }
  }

  take(element: Element, emit: EmitElement<PageCursor>): undefined {
    if (this.#reader.isReading) {
      this.#reader.take(element, emit)
      return undefined
    }
    this.#received += 1
    if (this.#received > this.#max) throw tooMany(this.#max)
    if (this.#received <= this.#skipped) return undefined
    if (!(element.value instanceof Rejected)) checkArchived(element.value, this.#archived)
    this.#elements += 1
    this.#reader.add(
      element,
      { archived: this.#archived, cursor: this.#cursors.after, elements: this.#elements },
      emit,
    )
    return undefined
  }

  finish(_received: number, emit: EmitElement<PageCursor>, envelope?: unknown): void {
    if (this.#reader.isReading) {
      this.#reader.finish(emit, envelope)
      return
    }
    this.#hasEnded = !this.#cursors.follow(envelope)
    // A page that is requested again may be shorter: then the next one begins with elements that were delivered.
    this.#elements = Math.max(0, this.#elements - this.#received)
    this.#reader.emitComplete(emit)
  }

  interrupt(): boolean {
    if (this.#reader.isReading) return this.#reader.interrupt()
    return this.#received > this.#skipped
  }
}
