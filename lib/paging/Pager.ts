import type { Changes } from '../stage/Changes.ts'
import type { Rejected } from '../stage/Rejected.ts'
import type { Equation } from '../stage/Stage.ts'

/** An element of a page. */
export interface Element<T> {
  readonly value: T | Rejected
  /** Its raw text; undefined if the decoder does not keep it. */
  readonly raw: string | undefined
  /** The bytes that an output may contain in place of the value; undefined if there are none, or if nobody wants them. */
  readonly line?: Uint8Array | undefined
  /** How the value differs from its text; undefined if it does not. */
  readonly changes?: Readonly<Changes> | undefined
}

/** Delivers an element, with the position in the list after it. */
export type EmitElement<T, Cursor> = (element: Element<T>, cursor: Cursor) => void

/** The request for a page: the parameters of the API. */
export interface PageRequest {
  /** The maximum number of elements in the page, if the request limits it. */
  readonly max?: number | undefined
}

/**
 * Pages through one stretch of a list. From the pages so far, it decides which page to request next, and which elements
 * to deliver in which order. It does no I/O and has no clock.
 *
 * @typeParam T a record
 * @typeParam Request the request for a page
 * @typeParam Cursor a position in the list
 */
export interface Pager<T, Request extends PageRequest, Cursor> {
  /**
   * The request for the next page; undefined if the stretch is read to its end.
   *
   * @param wanted how many more records the caller wants
   */
  next(wanted: number): Request | undefined | Promise<Request | undefined>
  /**
   * Receives an element of the last requested page, and delivers the elements whose order is now certain.
   *
   * @returns 'enough' if the rest of the page is not needed
   * @throws {LeadpipeError} PAGING when the element shows that paging makes no progress.
   */
  take(element: Element<T>, emit: EmitElement<T, Cursor>): 'enough' | undefined
  /**
   * Called when the last requested page was read to its end, or far enough.
   *
   * @param received how many elements arrived
   * @param envelope what surrounds them in the body, such as `{ paging: { next: { after } } }`; undefined if nothing
   * does, or if the page was not read to its end
   */
  finish(received: number, emit: EmitElement<T, Cursor>, envelope?: unknown): void
  /**
   * Called when the page was cut off; `next` requests the rest of it.
   *
   * @param received how many elements arrived
   * @returns whether they made any progress
   */
  interrupt(received: number): boolean
}

/** A part of a list that can be read at the same time as other parts. */
export interface Stretch<T, Request extends PageRequest, Cursor> {
  readonly pager: Pager<T, Request, Cursor>
  /** Estimate of the records in it. */
  readonly expected: number
  /** Stretches are delivered from the lowest order to the highest. */
  readonly order: number
}

/** The plan of a list that is read page after page. */
export function sequentialPlan<T, Request extends PageRequest, Cursor>(
  pager: Pager<T, Request, Cursor>,
  start: Cursor,
): Plan<T, Request, Cursor> {
  const stretches = [{ pager, expected: Number.POSITIVE_INFINITY, order: 0 }]
  return { start, next: () => stretches.pop(), done: () => 'continue' }
}

/** Cuts a list into stretches, which may be read at the same time and are delivered in their order. No I/O. */
export interface Plan<T, Request extends PageRequest, Cursor> {
  /** The cursor before the first element. */
  readonly start: Cursor
  /**
   * Pages that must fit into the read-ahead budget for each stretch: at the end of a stretch a part of a page is
   * wasted. Default: no minimum.
   */
  readonly pagesEach?: number
  /** What was counted beside the elements. A restart begins with the counts of the state that it resumes. */
  readonly counts?: Record<string, number>
  /** What must hold for these counts when the list has ended well. */
  equations?(): readonly Equation[]
  /** The order of the next stretch; undefined if there is none. */
  readonly nextOrder?: number
  /**
   * The next stretch to read; undefined if there is none, or none yet.
   *
   * @param wanted how many more records the caller wants, beyond those expected from the other stretches
   * @param pages how many pages of one stretch may be read ahead. Default: no limit.
   */
  next(wanted: number, pages?: number): Stretch<T, Request, Cursor> | undefined
  /** Called when a stretch was read to its end; stretches may end in any order. */
  read?(stretch: Stretch<T, Request, Cursor>): void
  /**
   * Completes the cursor of the element to deliver next, from what the earlier stretches delivered. Undefined if one of
   * them delivered the element already: it is dropped. Default: the cursor that the pager emitted.
   */
  completeCursor?(stretch: Stretch<T, Request, Cursor>, cursor: Cursor): Cursor | undefined
  /**
   * Called when a stretch was delivered to its end; called in the order of delivery.
   *
   * @returns 'discard' if the later stretches were planned wrongly: they are dropped and planned again
   */
  done(stretch: Stretch<T, Request, Cursor>): 'continue' | 'discard'
  /** Releases what the plan reads from, if it is not read to its end. */
  close?(): void
}
