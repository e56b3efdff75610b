import { LeadpipeError } from '../errors.ts'
import { maxPageSize } from '../lead/apiQuirks.ts'
import type { PageQuery } from '../lead/LeadsQuery.ts'
import type { OffsetPosition } from '../lead/Position.ts'
import { type Element, type EmitElement, guidOf, type LeadPlan, type Pager } from './LeadPlan.ts'

/**
 * Pages by offset; each page is a stretch. Advances by the number of elements received, since a server may cap `max`
 * silently, and ends at an empty page, since such a cap may make a page short.
 *
 * Offsets shift if leads are inserted or deleted meanwhile: a lead may then be delivered twice or not at all.
 *
 * @param from where to resume; default: at the query's offset
 */
export function offsetPlan(query: PageQuery, from?: OffsetPosition): LeadPlan<number> {
  const max = query.max ?? maxPageSize
  const start = from?.offset ?? query.offset ?? 0
  /** How many elements a page is expected to have: fewer than `max` if the server caps it. */
  let stride = max
  let offset = start
  let last: OffsetPage | undefined
  let ended = false
  /** Pages that `next` returned and that are not delivered yet. */
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
      return { pager: page, expected, order: page.offset }
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
    countQuery: () => query,
    position: cursor => ({ paging: 'offset', offset: cursor }),
  }
}

/**
 * Inserts between two requests shift a list by fewer leads than this: a server that repeats a page this many leads
 * further on ignores the offset.
 */
const maxShift = 20
/**
 * At most this many pages (or parts of one) in a row may begin with the same lead, since a few inserts can cause that.
 */
const maxRepeats = 10

/** One page of a list by offset. If it is cut off, the rest is requested with a larger offset. */
export class OffsetPage implements Pager<number> {
  /** Elements of the list before the page. */
  readonly offset: number
  /** Elements received so far. */
  received = 0
  /** Whether the page, or the rest of it, was empty: the list ends there. */
  empty = false
  readonly #query: PageQuery
  #previous: OffsetPage | undefined
  #next: OffsetPage | undefined
  /** The first part that has a guid. */
  #first: Part | undefined
  /** The last requested part: the whole page, or the rest of one that was cut off. */
  #part: Part
  /** The part before that one. */
  #previousPart: Part | undefined
  #ended = false
  /** How many consecutive pages before this one begin with the same lead. */
  #repetitions = 0
  /** The same for the parts of this page. */
  #partRepetitions = 0

  /** @param previous the page before this one, if that was read too */
  constructor(query: PageQuery, offset: number, previous: OffsetPage | undefined) {
    this.#query = query
    this.offset = offset
    this.#part = { offset }
    this.#previous = previous
    if (previous !== undefined) previous.#next = this
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
      this.#previous?.refuseRepetition()
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
    this.#previousPart = this.#part
    this.#part = { offset: this.offset + this.received }
    return true
  }

  /**
   * Compares this page with the one after it; either may have arrived first.
   *
   * @throws {LeadpipeError} PAGING when both begin with the same lead, and inserts can't be the reason.
   */
  refuseRepetition(): void {
    const next = this.#next
    if (next === undefined || this.#first === undefined || next.#first === undefined) return
    refuseSame(this.#first, next.#first)
  }

  /**
   * Called when this page and all pages before it are delivered.
   *
   * @throws {LeadpipeError} PAGING when too many pages in a row begin with the same lead.
   */
  done(): void {
    const previous = this.#previous
    // Without this, the chain of all pages would stay in memory.
    this.#previous = undefined
    if (previous === undefined || this.#first === undefined || previous.#first === undefined) return
    if (previous.#first.guid !== this.#first.guid) return
    this.#repetitions = previous.#repetitions + 1
    if (this.#repetitions >= maxRepeats) throw noProgress(previous.#first, this.#first)
  }

  #refuseRepeatedPart(): void {
    const previous = this.#previousPart
    if (previous === undefined) return
    refuseSame(previous, this.#part)
    this.#partRepetitions = previous.guid === this.#part.guid ? this.#partRepetitions + 1 : 0
    if (this.#partRepetitions >= maxRepeats) throw noProgress(previous, this.#part)
  }
}

/** The part of a page that one request covers. */
interface Part {
  readonly offset: number
  /** The first guid received. */
  guid?: string
}

function refuseSame(previous: Part, part: Part): void {
  if (previous.guid === part.guid && part.offset - previous.offset >= maxShift)
    throw noProgress(previous, part)
}

function noProgress(previous: Part, { offset, guid }: Part): LeadpipeError {
  return new LeadpipeError(
    'PAGING',
    `paging makes no progress: the page at offset ${offset} begins with the same lead (${guid}) as the page at offset ${previous.offset}`,
    { context: { offset, previousOffset: previous.offset, guid } },
  )
}
