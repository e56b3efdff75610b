import type { Lead } from '../lead/Lead.ts'
import type { PageQuery } from '../lead/LeadsQuery.ts'
import type { Rejected } from '../stage/Rejected.ts'

/** An element of a page. */
export interface Element {
  readonly lead: Lead | Rejected
  /** Its text, as it was sent, or undefined where the decoder does not keep it. */
  readonly raw: string | undefined
}

/** Hands on an element, and where the list goes on behind it. */
export type EmitElement<Cursor> = (element: Element, cursor: Cursor) => void

/**
 * Says which page to ask for next, from what the pages so far held, and which of their elements are handed on,
 * in which order. One stretch of a list, page after page. No I/O of its own, no clock.
 */
export interface Pager<Cursor = unknown> {
  /**
   * The parameters of the next page, or undefined when the stretch is read.
   *
   * @param wanted how many more leads the caller takes
   */
  next(wanted: number): PageQuery | undefined | Promise<PageQuery | undefined>
  /**
   * Takes an element of the page asked for last; hands on what is certain by now.
   *
   * @returns 'enough' when the rest of the page is of no use
   * @throws {LeadpipeError} PAGING when it shows that paging makes no progress.
   */
  take(element: Element, emit: EmitElement<Cursor>): 'enough' | undefined
  /** Takes note that the page asked for last has been read to its end (or far enough). */
  finish(received: number, emit: EmitElement<Cursor>): void
  /**
   * Takes note of how many elements came of a page that broke off; `next` asks for what is missing.
   *
   * @returns whether they were any progress
   */
  interrupt(received: number): boolean
}

/** What became of the guids that were asked for. */
export interface Missing {
  /** How many did not come. */
  count: number
  /** The first 1,000 of them. */
  guids: string[]
}

/** A part of a list that is read by itself, while others are. */
export interface Stretch<Cursor = unknown> {
  readonly pager: Pager<Cursor>
  /** About how many leads it brings. */
  readonly expected: number
  /** Its place among the others: they are handed on from the least to the greatest. */
  readonly place: number
}

/**
 * Cuts a list into stretches, which may be read at the same time and are handed on in their order. No I/O.
 */
export interface Plan<Cursor = unknown> {
  /** Where the list begins. */
  readonly start: Cursor
  /** What did not come, where leads are asked for by guid. */
  readonly missing?: Missing
  /** The same, up to a cursor. */
  missingAt?(cursor: Cursor): Missing
  /** Pages that a stretch needs room for, to be worth what it reads in vain at its end. Default: any. */
  readonly pagesEach?: number
  /** The place of the first stretch that was not given yet; undefined when there is none. */
  readonly place?: number
  /**
   * The first stretch that was not given yet; undefined when there is none, or none yet.
   *
   * @param wanted how many more leads the caller takes, besides those that are expected of the others
   */
  next(wanted: number): Stretch<Cursor> | undefined
  /** Takes note that a stretch was read to its end, in any order. */
  read?(stretch: Stretch<Cursor>): void
  /**
   * The cursor of an element that is handed on next, with what the stretches in front of its own tell; undefined when
   * it came with one of them, and is dropped. Default: the cursor that it came with.
   */
  join?(stretch: Stretch<Cursor>, cursor: Cursor): Cursor | undefined
  /**
   * Takes note that all of a stretch, the first of those not noted so far, was handed on.
   *
   * @returns 'discard' when those behind it were planned in vain: they are dropped, and planned anew
   */
  done(stretch: Stretch<Cursor>): 'go on' | 'discard'
  /** Takes note of the server's time, from the first answer: milliseconds since 1970. */
  answered?(time: number): void
  /** The parameters of the whole list, to count it; undefined when nothing can be in it. */
  counting(): PageQuery | undefined
  /** A cursor as plain JSON. */
  position(cursor: Cursor): object
  /** Lets go of what was not read. */
  close?(): void
}
