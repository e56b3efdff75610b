import type { ReadAhead } from './ReadAhead.ts'

/** What one page takes of the room that there is for reading ahead. */
export class PageRoom {
  readonly #ahead: ReadAhead
  /** Bytes that are booked and did not come yet. */
  #booked: number
  /** Bytes that came so far. */
  #bytes = 0
  /** Those of them that are in no batch: of an element that is not whole yet, or that is held back by the pager. */
  #loose = 0

  /** @param booked bytes of `ahead` that were booked for the page */
  constructor(ahead: ReadAhead, booked: number) {
    this.#ahead = ahead
    this.#booked = booked
  }

  /** Whether the page is too large to be held, or to be held beside the others. */
  get isTooLarge(): boolean {
    return this.#ahead.isTooLarge(this.#bytes) || (this.#booked === 0 && this.#ahead.isOverfull)
  }

  /** Takes note of how many bytes of the page came so far. */
  came(bytes: number): void {
    const more = bytes - this.#bytes
    const drawn = Math.min(this.#booked, more)
    this.#bytes = bytes
    this.#loose += more
    this.#booked -= drawn
    this.#ahead.take(more - drawn)
  }

  /** Takes note that so many of those that came are in a batch: whoever takes that gives them back. */
  batched(bytes: number): void {
    this.#loose -= bytes
  }

  /** Gives back what is booked: the page is not read ahead any more. */
  waive(): void {
    this.#ahead.give(this.#booked)
    this.#booked = 0
  }

  /** Gives back all that is in no batch: the page is at its end, or broke off. */
  close(): void {
    this.#ahead.give(this.#booked + this.#loose)
    this.#booked = 0
    this.#loose = 0
  }
}
