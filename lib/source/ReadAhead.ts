/** A page that is nearly empty tells nothing about the next. */
const smallest = 32_768

/**
 * The bytes that a source holds of what it has read ahead. A page is begun only when it is likely to fit; one
 * that turns out much larger is let go of, and asked for again when it is its turn.
 */
export class ReadAhead {
  readonly #most: number
  #held = 0
  /** What the next page is likely to need: bytes of the largest so far, once there is one. */
  #page = 262_144
  #isMeasured = false
  #waiting: (() => void)[] = []

  /** @param most bytes of bodies, as they came */
  constructor(most: number) {
    this.#most = most
  }

  /** Whether nothing is to be read ahead. */
  get isNone(): boolean {
    return this.#most === 0
  }

  /** Whether one more page is likely to fit. */
  get hasRoom(): boolean {
    return this.#held === 0 || this.#held + this.#page <= this.#most
  }

  /** How many pages fit, as large as the largest so far. */
  get pages(): number {
    return this.#most / this.#page
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

  take(bytes: number): void {
    this.#held += bytes
  }

  give(bytes: number): void {
    this.#held -= bytes
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
