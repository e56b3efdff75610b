import type { PageQuery } from '../../model/LeadsQuery.ts'

/**
 * Says which page to ask for next, from what the pages so far held. No I/O of its own, no clock.
 */
export interface Pager {
  /**
   * The parameters of the next page, or undefined when there is none.
   *
   * @param wanted how many more leads the caller takes; a page never asks for more
   */
  next(wanted: number): PageQuery | undefined | Promise<PageQuery | undefined>
  /**
   * Takes note of a lead of the page asked for last, before it is delivered.
   *
   * @param index of the lead in the page
   * @throws {LeadpipeError} PAGING when it shows that paging makes no progress.
   */
  saw(guid: string | undefined, index: number): void
  /** Takes note of how many elements the page asked for last held, when it has been read to its end. */
  finish(received: number): void
  /**
   * Takes note of how many elements came of a page that broke off; `next` asks for what is missing.
   *
   * @returns whether any of them was asked for
   */
  interrupt(received: number): boolean
}
