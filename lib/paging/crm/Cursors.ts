import { describe, LeadpipeError } from '../../errors.ts'
import { serverCursor } from './serverCursor.ts'

/** Follows the cursors of a list, `paging.next.after` of each page. */
export class Cursors {
  /** The cursor of the next page; undefined for the first page. */
  after: string | undefined
  readonly #list: string
  /** An earlier cursor. It moves on after 1, 2, 4, 8 … pages, so that the cursors of any cycle meet it. */
  #mark: string | undefined
  #pages = 0
  #nextMark = 1

  /** @param list for messages, such as "the list of forms" */
  constructor(list: string, after?: string) {
    this.#list = list
    this.after = after
    this.#mark = after
  }

  /**
   * Moves on to the next page.
   *
   * @param envelope what surrounds the elements of the page
   * @returns false if there is none
   * @throws {LeadpipeError} PAGING for one that is no cursor, or that the server has sent before
   */
  follow(envelope: unknown): boolean {
    const cursor = serverCursor(this.#list, envelope)
    if (cursor === undefined) return false
    if (cursor === this.after || cursor === this.#mark) {
      const problem = `${this.#list}: paging makes no progress: the portal sent the cursor ${describe(cursor)} again`
      throw new LeadpipeError('PAGING', problem)
    }
    this.#pages += 1
    if (this.#pages === this.#nextMark) {
      this.#mark = cursor
      this.#nextMark *= 2
    }
    this.after = cursor
    return true
  }
}
