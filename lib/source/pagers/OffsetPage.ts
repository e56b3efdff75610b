import { LeadpipeError } from '../../errors.ts'
import type { PageQuery } from '../../model/LeadsQuery.ts'
import { guidOf } from './guidOf.ts'
import type { Element, EmitElement, Pager } from './Pager.ts'

/** One page of a list by offset; what breaks off of it is asked for by a larger offset. */
export class OffsetPage implements Pager<number> {
  /** Elements of the list in front of it. */
  readonly offset: number
  /** Elements that came so far. */
  received = 0
  readonly #query: PageQuery
  #before: OffsetPage | undefined
  #behind: OffsetPage | undefined
  #firstGuid: string | undefined
  #ended = false

  /** @param before the page in front of it, where it was read, too */
  constructor(query: PageQuery, offset: number, before: OffsetPage | undefined) {
    this.#query = query
    this.offset = offset
    this.#before = before
    if (before !== undefined) before.#behind = this
  }

  next(): PageQuery | undefined {
    const { max = 0 } = this.#query
    if (this.#ended || (this.received >= max && max > 0)) return undefined
    const offset = this.offset + this.received
    return { ...this.#query, max: max - this.received, offset: offset > 0 ? offset : undefined }
  }

  take(element: Element, emit: EmitElement<number>): undefined {
    const guid = guidOf(element)
    if (this.#firstGuid === undefined && guid !== undefined) {
      this.#firstGuid = guid
      this.#before?.refuseRepetition()
    }
    this.received += 1
    emit(element, this.offset + this.received)
  }

  finish(): void {
    this.#ended = true
  }

  interrupt(received: number): boolean {
    return received > 0
  }

  /**
   * Compares it with the page behind it; either may have come first.
   *
   * @throws {LeadpipeError} PAGING when both begin with the same lead.
   */
  refuseRepetition(): void {
    const behind = this.#behind
    // A chain of all pages would be kept otherwise.
    this.#before = undefined
    if (behind === undefined || behind.#firstGuid === undefined || behind.#firstGuid !== this.#firstGuid)
      return
    const { offset } = behind
    const guid = this.#firstGuid
    throw new LeadpipeError(
      'PAGING',
      `paging makes no progress: the page at offset ${offset} begins with the same lead (${guid}) as the page at offset ${this.offset}`,
      { context: { offset, previousOffset: this.offset, guid } },
    )
  }
}
