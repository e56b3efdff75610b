import type { LeadsQuery } from '../../model/LeadsQuery.ts'

/**
 * Says which page to ask for next, from what the pages so far held. Pure: no I/O, no clock.
 */
export interface Pager {
  /**
   * The parameters of the next page, or undefined when there is none.
   *
   * @param wanted how many more leads the caller takes; a page never asks for more
   */
  next(wanted: number): LeadsQuery | undefined
  /**
   * Takes note of the first lead of the page asked for last, before it is delivered.
   *
   * @throws {LeadpipeError} PAGING when the page shows that paging makes no progress.
   */
  begin(firstGuid: string | undefined): void
  /** Takes note of how many leads the page asked for last held, when it has been read to its end. */
  finish(received: number): void
}
