/** The smallest estimate for a page in bytes: the size of a nearly empty page does not predict the next one. */
const smallest = 32_768

/**
 * The byte budget for reading ahead. The expected size of a page is reserved before the page is requested, so that all
 * pages in flight fit together. A page may be larger than its reservation. It is then dropped, and requested again in
 * its turn, if all pages together exceed the budget by more than one page, or if it alone takes more than half of the
 * budget.
 */
export class ReadAhead {
  readonly #most: number
  readonly #changed: () => void
  /** Bytes that are held or reserved. */
  #taken = 0
  /** The expected size of the next page: bytes of the largest page so far, once there is one. */
  #page = 262_144
  #isMeasured = false

  /**
   * @param most the budget, in bytes of decompressed bodies
   * @param changed called when bytes are released
   */
  constructor(most: number, changed: () => void) {
    this.#most = most
    this.#changed = changed
  }

  /** Whether reading ahead is off. */
  get isNone(): boolean {
    return this.#most === 0
  }

  /** How many pages of the expected size fit into the budget. */
  get pages(): number {
    return this.#most / this.#page
  }

  /** Updates the expected size with that of a page, in bytes. */
  measure(page: number): void {
    this.#page = Math.max(this.#isMeasured ? this.#page : smallest, page)
    this.#isMeasured = true
  }

  /** Whether the budget is exceeded by more than one page of the expected size. */
  get isOverfull(): boolean {
    return this.#taken > this.#most + this.#page
  }

  /** Whether a page of `page` bytes is too large to be held at all. */
  isTooLarge(page: number): boolean {
    return page > this.#most / 2
  }

  /** Reserves the expected size of one more page; returns that number of bytes, or 0 if it does not fit. */
  book(): number {
    // If nothing is held, one page may always be tried: the expected size may be wrong.
    if (this.#taken > 0 && this.#taken + this.#page > this.#most) return 0
    this.#taken += this.#page
    return this.#page
  }

  /** Adds bytes that arrived without a reservation. */
  take(bytes: number): void {
    this.#taken += bytes
  }

  /** Releases bytes that were taken or reserved. */
  give(bytes: number): void {
    this.#taken -= bytes
    this.#changed()
  }
}

/** The share of the budget that one page takes. */
export class PageRoom {
  readonly #ahead: ReadAhead
  /** Bytes that are reserved and have not arrived yet. */
  #booked: number
  /** Bytes that have arrived. */
  #bytes = 0
  /** Arrived bytes that are not in a batch: of an incomplete element, or of one that the pager holds back. */
  #loose = 0

  /** @param booked bytes that are reserved for the page */
  constructor(ahead: ReadAhead, booked: number) {
    this.#ahead = ahead
    this.#booked = booked
  }

  /** Whether the page is too large to be held, alone or together with the other pages. */
  get isTooLarge(): boolean {
    return this.#ahead.isTooLarge(this.#bytes) || (this.#booked === 0 && this.#ahead.isOverfull)
  }

  /** @param bytes of the page that have arrived, in total */
  came(bytes: number): void {
    const more = bytes - this.#bytes
    const drawn = Math.min(this.#booked, more)
    this.#bytes = bytes
    this.#loose += more
    this.#booked -= drawn
    this.#ahead.take(more - drawn)
  }

  /** Records that `bytes` of the page are now in a batch: whoever takes the batch releases them. */
  batched(bytes: number): void {
    this.#loose -= bytes
  }

  /** Releases the reservation: the page is no longer read ahead. */
  waive(): void {
    this.#ahead.give(this.#booked)
    this.#booked = 0
  }

  /** Releases everything that is not in a batch: the page has ended or was cut off. */
  close(): void {
    this.#ahead.give(this.#booked + this.#loose)
    this.#booked = 0
    this.#loose = 0
  }
}
