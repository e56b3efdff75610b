import { LeadpipeError } from '../errors.ts'
import { maxPageSize } from '../lead/apiQuirks.ts'
import type { PageQuery } from '../lead/LeadsQuery.ts'
import type { OffsetPosition } from '../lead/Position.ts'
import { type Element, type EmitElement, guidOf, type LeadPlan, type Pager } from './LeadPlan.ts'

/**
 * Pages by offset; each page is a stretch. Advances by the number of elements received, since a server may cap `max`
 * silently, and ends at an empty page, since such a cap may make a page short.
 *
 * Offsets shift if leads are inserted or deleted meanwhile: a lead may then come twice or not at all.
 *
 * @param from where to resume; default: at the query's offset
 */
export function offsetPlan(query: PageQuery, from?: OffsetPosition): LeadPlan<number> {
  const max = query.max ?? maxPageSize
  const start = from?.offset ?? query.offset ?? 0
  /** How many elements a page is expected to bring: fewer than `max` if the server caps it. */
  let stride = max
  let offset = start
  let last: OffsetPage | undefined
  let ended = false
  /** Pages that were handed out and are not done. */
  let open = 0
  /** Whether the last page was short: if so, no page is requested before the open ones are done. */
  let short = false

  return {
    start,
    next(wanted) {
      if (ended || wanted <= 0 || (short && open > 0)) return undefined
      open += 1
      const page = new OffsetPage({ ...query, max: Math.min(max, wanted) }, offset, last)
      const expected = Math.min(stride, wanted)
      offset += expected
      last = page
      return { pager: page, expected, place: page.offset }
    },
    read({ pager, expected }) {
      short = (pager as OffsetPage).received < expected
    },
    done({ pager, expected }) {
      const page = pager as OffsetPage
      page.done()
      open -= 1
      ended = page.empty
      if (page.received === expected) return 'continue'
      open = 0
      stride = Math.min(max, Math.max(1, page.received))
      offset = page.offset + page.received
      last = page
      return 'discard'
    },
    counting: () => query,
    position: cursor => ({ paging: 'offset', offset: cursor }),
  }
}

/**
 * More leads than are inserted between two requests: a server that repeats a page this many leads further on ignores
 * the offset.
 */
const many = 20
/** At most this many pages (or parts of one) in a row may begin with the same lead: a few inserts can cause that. */
const patience = 10

/** One page of a list by offset. If it is cut off, the rest is requested with a larger offset. */
export class OffsetPage implements Pager<number> {
  /** Elements of the list before the page. */
  readonly offset: number
  /** Elements received so far. */
  received = 0
  /** Whether the page, or the rest of it, was empty: the list ends there. */
  empty = false
  readonly #query: PageQuery
  #before: OffsetPage | undefined
  #behind: OffsetPage | undefined
  /** The first part that has a guid. */
  #first: Part | undefined
  /** The last requested part: the whole page, or the rest of one that was cut off. */
  #part: Part
  /** The part before that one. */
  #partBefore: Part | undefined
  #ended = false
  /** How many consecutive pages before this one begin with the same lead. */
  #repeated = 0
  /** The same for the parts of this page. */
  #partsRepeated = 0

  /** @param before the page before this one, if that was read too */
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
   * Compares this page with the one after it; either may have arrived first.
   *
   * @throws {LeadpipeError} PAGING when both begin with the same lead, and inserts can't be the reason.
   */
  refuseRepetition(): void {
    const behind = this.#behind
    if (behind === undefined || this.#first === undefined || behind.#first === undefined) return
    refuseSame(this.#first, behind.#first)
  }

  /**
   * Records that this page and all pages before it were delivered.
   *
   * @throws {LeadpipeError} PAGING when too many pages in a row begin with the same lead.
   */
  done(): void {
    const before = this.#before
    // Without this, the chain of all pages would stay in memory.
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

/** The part of a page that one request covers. */
interface Part {
  readonly offset: number
  /** The first guid received. */
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
