/** A page that is nearly empty tells nothing about the next. */
const smallest = 32_768

/**
 * The budget of bytes for what is read ahead. What a page is likely to need is booked before it is asked for, so that
 * those which are under way at the same time fit together. A page may be larger than its booking. It is then dropped, and
 * asked for again in its turn, if all pages together exceed the budget by more than one page, or if it alone takes more
 * than half of the budget.
 */
export class ReadAhead {
  readonly #most: number
  readonly #changed: () => void
  /** Bytes that are held or booked. */
  #taken = 0
  /** What the next page is likely to need: bytes of the largest so far, once there is one. */
  #page = 262_144
  #isMeasured = false

  /**
   * @param most bytes of bodies, decompressed
   * @param changed called when bytes are given back
   */
  constructor(most: number, changed: () => void) {
    this.#most = most
    this.#changed = changed
  }

  /** Whether nothing is to be read ahead. */
  get isNone(): boolean {
    return this.#most === 0
  }

  /** How many pages fit, as large as the largest so far. */
  get pages(): number {
    return this.#most / this.#page
  }

  /** Learns from the size of a page. */
  measure(page: number): void {
    this.#page = Math.max(this.#isMeasured ? this.#page : smallest, page)
    this.#isMeasured = true
  }

  /** Whether what came is more than fits, by as much as a page is likely to be. */
  get isOverfull(): boolean {
    return this.#taken > this.#most + this.#page
  }

  /** Whether a page of so many bytes is too large to be held at all. */
  isTooLarge(page: number): boolean {
    return page > this.#most / 2
  }

  /** Books what one more page is likely to need; returns how many bytes that is, 0 when they don't fit. */
  book(): number {
    // When nothing is held, one page may always be tried: what is likely may be wrong.
    if (this.#taken > 0 && this.#taken + this.#page > this.#most) return 0
    this.#taken += this.#page
    return this.#page
  }

  /** Takes bytes that came and were not booked. */
  take(bytes: number): void {
    this.#taken += bytes
  }

  /** Gives back bytes that were taken or booked. */
  give(bytes: number): void {
    this.#taken -= bytes
    this.#changed()
  }
}

/** What one page takes of the budget. */
export class PageRoom {
  readonly #ahead: ReadAhead
  /** Bytes that are booked and did not come yet. */
  #booked: number
  /** Bytes that came so far. */
  #bytes = 0
  /** Those of them that are in no batch: of an element that is not whole yet, or that the pager holds back. */
  #loose = 0

  /** @param booked bytes that were booked for the page */
  constructor(ahead: ReadAhead, booked: number) {
    this.#ahead = ahead
    this.#booked = booked
  }

  /** Whether the page is too large to be held, or to be held beside the others. */
  get isTooLarge(): boolean {
    return this.#ahead.isTooLarge(this.#bytes) || (this.#booked === 0 && this.#ahead.isOverfull)
  }

  /** @param bytes of the page that came so far */
  came(bytes: number): void {
    const more = bytes - this.#bytes
    const drawn = Math.min(this.#booked, more)
    this.#bytes = bytes
    this.#loose += more
    this.#booked -= drawn
    this.#ahead.take(more - drawn)
  }

  /** So many of those that came are in a batch: whoever takes that gives them back. */
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
