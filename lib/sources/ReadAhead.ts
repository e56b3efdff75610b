/** A page that is nearly empty tells nothing about the next. */
const smallest = 32_768

/**
 * The bytes that a source holds of what it has read ahead. For a page that is read ahead, what it is likely to need
 * is booked before it is asked for, so that those which are under way at the same time fit together. What comes of
 * them in excess of that is bounded as well: a page that is larger than what is booked for it is let go of when all
 * of them are one page over the bound, or when it takes half of the room; it is asked for again when it is its turn.
 */
export class ReadAhead {
  readonly #most: number
  /** Bytes that are held or booked. */
  #taken = 0
  /** What the next page is likely to need: bytes of the largest so far, once there is one. */
  #page = 262_144
  #isMeasured = false
  #waiting: (() => void)[] = []

  /** @param most bytes of bodies, decompressed */
  constructor(most: number) {
    this.#most = most
  }

  /** Whether nothing is to be read ahead. */
  get isNone(): boolean {
    return this.#most === 0
  }

  /** How many pages fit, as large as the largest so far. */
  get pages(): number {
    return this.#most / this.#page
  }

  /** Whether what came is more than fits, by as much as a page is likely to be. */
  get isOverfull(): boolean {
    return this.#taken > this.#most + this.#page
  }

  /** Whether a page of so many bytes is too large to be held at all. */
  isTooLarge(page: number): boolean {
    return page > this.#most / 2
  }

  /** Takes note of a page's size. */
  measure(page: number): void {
    this.#page = Math.max(this.#isMeasured ? this.#page : smallest, page)
    this.#isMeasured = true
  }

  /** Takes what one more page is likely to need; returns how many bytes that is, 0 when they don't fit. */
  book(): number {
    // Where nothing is held, one page may always be tried: what is likely may be wrong.
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
    this.wake()
  }

  /** Resolves when something was given back, or somebody is to look again. */
  change(): Promise<void> {
    return new Promise(resolve => {
      this.#waiting.push(resolve)
    })
  }

  wake(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}
