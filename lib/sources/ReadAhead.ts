/** The smallest estimate for a page in bytes: the size of a nearly empty page does not predict the next one. */
const minPageBytes = 32_768

/**
 * The byte budget for reading ahead. The expected size of a page is reserved before the page is requested, so that all
 * pages in flight fit together. A page may be larger than its reservation. It is then dropped, and requested again when
 * it is the next to deliver, if all pages together exceed the budget by more than one page, or if it alone takes more
 * than half of the budget.
 */
export class ReadAhead {
  readonly #maxBytes: number
  readonly #onRelease: () => void
  /** Bytes that are held or reserved. */
  #usedBytes = 0
  /** The expected size of the next page: bytes of the largest page so far, once there is one. */
  #pageBytes = 262_144
  #isMeasured = false

  /**
   * @param maxBytes the budget, in bytes of decompressed bodies
   * @param onRelease called when bytes are released
   */
  constructor(maxBytes: number, onRelease: () => void) {
    this.#maxBytes = maxBytes
    this.#onRelease = onRelease
  }

  /** Whether nothing may be read ahead. */
  get isOff(): boolean {
    return this.#maxBytes === 0
  }

  /** How many pages of the expected size fit into the budget. */
  get pages(): number {
    return this.#maxBytes / this.#pageBytes
  }

  /** Updates the expected size with that of a page, in bytes. */
  measure(page: number): void {
    this.#pageBytes = Math.max(this.#isMeasured ? this.#pageBytes : minPageBytes, page)
    this.#isMeasured = true
  }

  /** Whether the budget is exceeded by more than one page of the expected size. */
  get isOverfull(): boolean {
    return this.#usedBytes > this.#maxBytes + this.#pageBytes
  }

  /** Whether a page of `page` bytes is too large to be held at all. */
  isTooLarge(page: number): boolean {
    return page > this.#maxBytes / 2
  }

  /** Reserves the expected size of one more page; returns that number of bytes, or 0 if it does not fit. */
  reserve(): number {
    // If nothing is held, one page may always be tried: the expected size may be wrong.
    if (this.#usedBytes > 0 && this.#usedBytes + this.#pageBytes > this.#maxBytes) return 0
    this.#usedBytes += this.#pageBytes
    return this.#pageBytes
  }

  /** Counts bytes that arrived without a reservation. */
  add(bytes: number): void {
    this.#usedBytes += bytes
  }

  /** Releases bytes that were counted or reserved. */
  release(bytes: number): void {
    this.#usedBytes -= bytes
    this.#onRelease()
  }
}

/** The part of the read-ahead budget that one page takes. */
export class PageBudget {
  readonly #ahead: ReadAhead
  /** Bytes that are reserved and have not arrived yet. */
  #reserved: number
  /** Bytes that have arrived. */
  #bytes = 0
  /** Arrived bytes that are not in a batch: of an incomplete element, or of one that the pager holds back. */
  #unbatched = 0

  /** @param reserved bytes that are reserved for the page */
  constructor(ahead: ReadAhead, reserved: number) {
    this.#ahead = ahead
    this.#reserved = reserved
  }

  /** Whether the page is too large to be held, alone or together with the other pages. */
  get isTooLarge(): boolean {
    return this.#ahead.isTooLarge(this.#bytes) || (this.#reserved === 0 && this.#ahead.isOverfull)
  }

  /** @param bytes of the page that have arrived, in total */
  received(bytes: number): void {
    const more = bytes - this.#bytes
    const fromReservation = Math.min(this.#reserved, more)
    this.#bytes = bytes
    this.#unbatched += more
    this.#reserved -= fromReservation
    this.#ahead.add(more - fromReservation)
  }

  /** Records that `bytes` of the page are now in a batch: they are released when the batch is taken. */
  batched(bytes: number): void {
    this.#unbatched -= bytes
  }

  /** Releases the reservation: the page is not read ahead any more. */
  cancelReservation(): void {
    this.#ahead.release(this.#reserved)
    this.#reserved = 0
  }

  /** Releases the reservation: the page has ended or was cut off. Returns the bytes that are not in a batch. */
  close(): number {
    this.cancelReservation()
    const bytes = this.#unbatched
    this.#unbatched = 0
    return bytes
  }
}
