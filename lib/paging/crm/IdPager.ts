import { type AnyRecord, idOf } from '../../crm/CrmRecord.ts'
import { compareIds, idAfter, isRecordId } from '../../crm/recordId.ts'
import { describe, LeadpipeError } from '../../errors.ts'
import { Rejected } from '../../stage/Rejected.ts'
import type { CrmPager, CrmRequest, Element, EmitElement } from './CrmRequest.ts'
import { IdSpan } from './IdSpan.ts'
import { isArchived, RecordReader, type RecordSettings } from './RecordReader.ts'
import { serverCursor, tooMany } from './serverCursor.ts'

/** A position in a list of records in the order of ids: after a record. */
export interface IdCursor {
  readonly archived: boolean
  /** The id of that record; undefined before the first. */
  readonly id?: string | undefined
  /** How many elements without an id were delivered since that record. */
  readonly withoutId: number
}

/** A range of ids that is read page after page. */
export interface IdRange {
  /** Everything up to it is done. */
  readonly from: IdCursor
  /** The first id that is requested; undefined for the beginning of the list. */
  readonly first: string | undefined
  /** The first id that is not in the range; undefined for the end of the list. */
  readonly end: string | undefined
  /** The range is ended early, after a page, when this many records have arrived. */
  readonly maxRecords: number
}

/**
 * Requests the records after an id, page after page: `after` is the last id + 1. It verifies, for each record, that ids
 * ascend, so a record is neither delivered twice nor passed over.
 */
export class IdPager implements CrmPager<IdCursor> {
  readonly range: IdRange
  /** How the received ids are spread. */
  readonly span = new IdSpan()
  /** Pages read to their end. */
  pages = 0
  /** Records of the last page that are in the range. */
  lastUsed = 0
  /** The first received id after the range. */
  beyond: string | undefined
  /** The first id that was not requested, because the range was ended early; undefined if it was read to its end. */
  rest: string | undefined
  /** Whether the list has ended. */
  isListEnd = false
  readonly #pageSize: number
  readonly #reader: RecordReader<IdCursor>
  #after: string | undefined
  #last: string | undefined
  /** Elements without an id since the last record, delivered. */
  #withoutId: number
  /** How many of them the next page begins with, because they were delivered before it was requested. */
  #delivered: number
  /** How many of those are still to come. */
  #toSkip = 0
  /** Elements without an id since the last record of the page. */
  #trailing = 0
  #received = 0
  /** Whether a record of the page has arrived. */
  #hasRecords = false
  #used = 0
  #max = 0
  #hasEnded = false

  constructor(range: IdRange, pageSize: number, settings: RecordSettings) {
    this.range = range
    this.#pageSize = pageSize
    this.#reader = new RecordReader(settings, range.from.archived)
    this.#after = range.first
    this.#last = range.from.id
    this.#withoutId = range.from.withoutId
    this.#delivered = range.from.withoutId
  }

  next(wanted: number): CrmRequest | undefined {
    const { end, maxRecords } = this.range
    const parts = this.#reader.next()
    if (parts !== undefined) return parts
    const after = this.#after
    // If elements without an id were last, only the next record shows that the range has ended before them.
    const isSure = end !== undefined && this.#withoutId === 0
    const isAtEnd = isSure && after !== undefined && compareIds(after, end) >= 0
    if (this.#hasEnded || isAtEnd || wanted <= 0) return undefined
    if (this.#used >= maxRecords && after !== undefined && isShort(after)) {
      this.rest = after
      return undefined
    }
    this.#received = this.lastUsed = this.#trailing = 0
    this.#hasRecords = false
    this.#toSkip = this.#delivered
    this.#max = Math.min(this.#pageSize, wanted + this.#toSkip)
    return { kind: 'list', max: this.#max, archived: this.range.from.archived, after }
  }

  take(element: Element, emit: EmitElement<IdCursor>): undefined {
    if (this.#reader.isReading) {
      this.#reader.take(element, emit)
      return undefined
    }
    const { value } = element
    const { archived } = this.range.from
    this.#received += 1
    if (this.#received > this.#max) throw tooMany(this.#max)
    const id = idOf(value)
    if (id === undefined) return this.#takeWithoutId(element, emit)
    this.#checkOrder(id)
    if (!(value instanceof Rejected)) checkArchived(value, archived)
    this.#last = id
    this.#hasRecords = true
    this.#toSkip = this.#withoutId = this.#trailing = 0
    this.span.add(id)
    const { end } = this.range
    if (end !== undefined && compareIds(id, end) >= 0) {
      this.beyond ??= id
      return undefined
    }
    this.#used += 1
    this.lastUsed += 1
    this.#reader.add(element, { archived, id, withoutId: 0 }, emit)
    return undefined
  }

  finish(_received: number, emit: EmitElement<IdCursor>, envelope?: unknown): void {
    if (this.#reader.isReading) {
      this.#reader.finish(emit, envelope)
      return
    }
    this.pages += 1
    const next = serverCursor('the list of records', envelope)
    this.isListEnd = next === undefined
    this.#hasEnded = next === undefined || this.beyond !== undefined
    if (next !== undefined) this.#advance(next)
    this.#reader.emitComplete(emit)
  }

  interrupt(): boolean {
    if (this.#reader.isReading) return this.#reader.interrupt()
    const isProgress = this.#hasRecords || this.#trailing > this.#delivered
    this.#delivered = this.#hasRecords ? this.#trailing : Math.max(this.#trailing, this.#delivered)
    if (this.#hasRecords) this.#after = idAfter(this.#last as string)
    if (this.beyond !== undefined) this.#hasEnded = true
    return isProgress
  }

  /** An element without an id comes again if the page is requested again: it is delivered after the record before it. */
  #takeWithoutId(element: Element, emit: EmitElement<IdCursor>): undefined {
    const { archived } = this.range.from
    this.#trailing += 1
    if (this.#toSkip > 0) {
      this.#toSkip -= 1
      return undefined
    }
    // It may belong to the range after this one, which receives it too.
    if (this.beyond !== undefined) return undefined
    this.#withoutId += 1
    this.#reader.add(element, { archived, id: this.#last, withoutId: this.#withoutId }, emit)
    return undefined
  }

  /** @throws {LeadpipeError} PAGING */
  #checkOrder(id: string): void {
    if (!isRecordId(id)) throw disordered(`received the id ${describe(id)}, expected decimal digits`)
    const [last, after] = [this.#last, this.#after]
    if (last !== undefined && compareIds(id, last) <= 0)
      throw disordered(`received id ${id} after id ${last}, expected ids that ascend`)
    if (after !== undefined && compareIds(id, after) < 0)
      throw disordered(`received id ${id} in the page after=${after}, expected none before that`)
  }

  /** @throws {LeadpipeError} PAGING if the server's own next page begins before the end of this one */
  #advance(next: string): void {
    const last = this.#hasRecords ? this.#last : this.#after
    const least = last === undefined ? undefined : idAfter(last)
    if (!isRecordId(next) || (least !== undefined && compareIds(next, least) < 0)) {
      const expected = least === undefined ? 'a record id' : `${least} or more`
      throw disordered(`received paging.next.after ${describe(next)}, expected ${expected}`)
    }
    // Elements without an id at the end of the page would come again after the last id.
    this.#after = this.#hasRecords && this.#trailing === 0 ? least : next
    this.#delivered = this.#toSkip
  }
}

/** Whether an id is short enough to be calculated with. */
export const isShort = (id: string): boolean => id.length <= 15

/** @throws {LeadpipeError} PAGING */
export function checkArchived(record: AnyRecord, archived: boolean): void {
  if (isArchived(record) === archived) return
  const state = (isIt: boolean) => (isIt ? 'archived' : 'not archived')
  throw new LeadpipeError(
    'PAGING',
    `received record ${record.id}, which is ${state(!archived)}, in the list of records that are ${state(archived)}`,
  )
}

const disordered = (problem: string) =>
  new LeadpipeError('PAGING', `the list is not in the order of ids: ${problem}`, {
    context: {
      remedy: {
        owner: 'crmObjects()',
        option: 'paging',
        to: "'cursor', which follows the server's own cursor",
      },
    },
  })
