import { LeadpipeError } from '../errors.ts'
import type { PageQuery } from '../lead/LeadsQuery.ts'
import { type Element, type EmitElement, guidOf, type Pager } from './LeadPlan.ts'

/** So many leads are not inserted between two requests: who gives the same page again ignores the offset. */
const many = 20
/** So many pages (or parts of one) in a row may begin with the same lead, where few inserted leads can have moved it. */
const patience = 10

/** One page of a list by offset; what breaks off of it is asked for by a larger offset. */
export class OffsetPage implements Pager<number> {
  /** Elements of the list in front of it. */
  readonly offset: number
  /** Elements that came so far. */
  received = 0
  /** Whether nothing came where it was to begin, or to go on: the list ends there. */
  empty = false
  readonly #query: PageQuery
  #before: OffsetPage | undefined
  #behind: OffsetPage | undefined
  /** The first part that has a guid. */
  #first: Part | undefined
  /** The part that was asked for last: all of it, or what was missing behind a body that broke off. */
  #part: Part
  /** The part in front of that one. */
  #partBefore: Part | undefined
  #ended = false
  /** How many pages in front of it, one after the other, begin with the same lead. */
  #repeated = 0
  /** The same of the parts of this page. */
  #partsRepeated = 0

  /** @param before the page in front of it, where it was read, too */
  constructor(query: PageQuery, offset: number, before: OffsetPage | undefined) {
    this.#query = query
    this.offset = offset
    this.#part = { offset }
    this.#before = before
    if (before !== undefined) before.#behind = this
  }

  next(): PageQuery | undefined {
    const { max = 0 } = this.#query
    if (this.#ended || (this.received >= max && max > 0)) return undefined
    const { offset } = this.#part
    return { ...this.#query, max: max - this.received, offset: offset > 0 ? offset : undefined }
  }

  take(element: Element, emit: EmitElement<number>): undefined {
    const guid = guidOf(element)
    if (this.#part.guid === undefined && guid !== undefined) {
      this.#part.guid = guid
      this.#first ??= this.#part
      this.#refuseRepeatedPart()
      this.#before?.refuseRepetition()
      this.refuseRepetition()
    }
    this.received += 1
    emit(element, this.offset + this.received)
  }

  finish(received: number): void {
    this.#ended = true
    this.empty = received === 0
  }

  interrupt(received: number): boolean {
    if (received === 0) return false
    this.#partBefore = this.#part
    this.#part = { offset: this.offset + this.received }
    return true
  }

  /**
   * Compares it with the page behind it; either may have come first.
   *
   * @throws {LeadpipeError} PAGING when both begin with the same lead, and inserted leads can't be the reason.
   */
  refuseRepetition(): void {
    const behind = this.#behind
    if (behind === undefined || this.#first === undefined || behind.#first === undefined) return
    refuseSame(this.#first, behind.#first)
  }

  /**
   * Takes note that it was handed on, and so were all in front of it.
   *
   * @throws {LeadpipeError} PAGING when too many of them in a row begin with the same lead.
   */
  done(): void {
    const before = this.#before
    // A chain of all pages would be kept otherwise.
    this.#before = undefined
    if (before === undefined || this.#first === undefined || before.#first === undefined) return
    if (before.#first.guid !== this.#first.guid) return
    this.#repeated = before.#repeated + 1
    if (this.#repeated >= patience) throw noProgress(before.#first, this.#first)
  }

  #refuseRepeatedPart(): void {
    const before = this.#partBefore
    if (before === undefined) return
    refuseSame(before, this.#part)
    this.#partsRepeated = before.guid === this.#part.guid ? this.#partsRepeated + 1 : 0
    if (this.#partsRepeated >= patience) throw noProgress(before, this.#part)
  }
}

/** What one request was for. */
interface Part {
  readonly offset: number
  /** The first guid that came. */
  guid?: string
}

function refuseSame(before: Part, part: Part): void {
  if (before.guid === part.guid && part.offset - before.offset >= many) throw noProgress(before, part)
}

function noProgress(before: Part, { offset, guid }: Part): LeadpipeError {
  return new LeadpipeError(
    'PAGING',
    `paging makes no progress: the page at offset ${offset} begins with the same lead (${guid}) as the page at offset ${before.offset}`,
    { context: { offset, previousOffset: before.offset, guid } },
  )
}
