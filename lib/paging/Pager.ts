import type { Rejected } from '../stage/Rejected.ts'

/** An element of a page. */
export interface Element<T> {
  readonly value: T | Rejected
  /** Its text, as it was sent; undefined if the decoder does not keep it. */
  readonly raw: string | undefined
}

/** Delivers an element, with the place in the list behind it. */
export type EmitElement<T, Cursor> = (element: Element<T>, cursor: Cursor) => void

/** The request for a page: whatever the API takes. */
export interface PageRequest {
  /** Elements of the page at most, if the request says so. */
  readonly max?: number | undefined
}

/**
 * Says which page to ask for next, from what the pages so far held, and which of their elements are delivered, in which
 * order. One stretch of a list, page after page. No I/O of its own, no clock.
 *
 * @typeParam T a record
 * @typeParam Request the request for a page
 * @typeParam Cursor a place in the list
 */
export interface Pager<T, Request extends PageRequest, Cursor> {
  /**
   * The request for the next page, or undefined when the stretch is read.
   *
   * @param wanted how many more records the caller takes
   */
  next(wanted: number): Request | undefined | Promise<Request | undefined>
  /**
   * Takes an element of the page that was asked for last; delivers what is certain by now.
   *
   * @returns 'enough' when the rest of the page is of no use
   * @throws {LeadpipeError} PAGING when it shows that paging makes no progress.
   */
  take(element: Element<T>, emit: EmitElement<T, Cursor>): 'enough' | undefined
  /**
   * The page that was asked for last is read to its end, or far enough.
   *
   * @param received how many elements came
   * @param envelope what stood around them, such as `{ paging: { next: { after } } }`; undefined if nothing did, or the
   * page was not read to its end
   */
  finish(received: number, emit: EmitElement<T, Cursor>, envelope?: unknown): void
  /**
   * The page broke off; `next` asks for what is missing of it.
   *
   * @param received how many elements came
   * @returns whether they were any progress
   */
  interrupt(received: number): boolean
}

/** A part of a list that is read by itself, while others are. */
export interface Stretch<T, Request extends PageRequest, Cursor> {
  readonly pager: Pager<T, Request, Cursor>
  /** About how many records it brings. */
  readonly expected: number
  /** Its place among the others: they are delivered from the least to the greatest. */
  readonly place: number
}

/** The plan of a list that is read page after page. */
export function sequentialPlan<T, Request extends PageRequest, Cursor>(
  pager: Pager<T, Request, Cursor>,
  start: Cursor,
): Plan<T, Request, Cursor> {
  const stretches = [{ pager, expected: Number.POSITIVE_INFINITY, place: 0 }]
  return { start, next: () => stretches.pop(), done: () => 'go on' }
}

/** Cuts a list into stretches, which may be read at the same time and are delivered in their order. No I/O. */
export interface Plan<T, Request extends PageRequest, Cursor> {
  /** Where the list begins. */
  readonly start: Cursor
  /** Pages that a stretch needs room for, to be worth what it reads in vain at its end. Default: any. */
  readonly pagesEach?: number
  /** The place of the first stretch that was not given yet; undefined when there is none. */
  readonly place?: number
  /**
   * The first stretch that was not given yet; undefined when there is none, or none yet.
   *
   * @param wanted how many more records the caller takes, besides those that are expected of the others
   * @param pages how many pages of one stretch may be read ahead. Default: any.
   */
  next(wanted: number, pages?: number): Stretch<T, Request, Cursor> | undefined
  /** A stretch was read to its end, in any order. */
  read?(stretch: Stretch<T, Request, Cursor>): void
  /**
   * The cursor of an element that is delivered next, with what the stretches in front of its own tell; undefined when it
   * came with one of them, and is dropped. Default: the cursor that it came with.
   */
  join?(stretch: Stretch<T, Request, Cursor>, cursor: Cursor): Cursor | undefined
  /**
   * All of a stretch, the first of those not noted so far, was delivered.
   *
   * @returns 'discard' when those behind it were planned in vain: they are dropped, and planned anew
   */
  done(stretch: Stretch<T, Request, Cursor>): 'go on' | 'discard'
  /** Releases what was not read. */
  close?(): void
}
