/** A request that has started. */
export interface Started {
  /** Its place in the one order of all starts and ends of the client: many fall on one millisecond. */
  started: number
  /** Milliseconds, by a clock that only goes forward. */
  startedAt: number
}

/** A request that has ended: its answer's headers are here, or it failed. */
export interface Ended extends Started {
  /** Its end's place in the same order. */
  ended: number
  /** Milliseconds, by a clock that only goes forward. */
  endedAt: number
}

/**
 * What is left of one limit, whatever the order in which the answers come.
 *
 * The portal counts a request somewhere between its start and its end. So of all answered requests, the one
 * that was counted last is the one that started last, or one that was under way with it; which one is unknown,
 * but the least that any of them told is not more than what that one told. Older answers tell nothing more.
 */
export class Remainder {
  /** The start of the answered request that started last. */
  #newest: number | undefined
  /** That request, and what ended since it started: no more than were under way at once, and failures. */
  #recent: { ended: number; remaining: number | undefined }[] = []

  /** Takes note of a request's end; without `remaining`, of one whose end told nothing. */
  note({ started, ended }: Ended, remaining: number | undefined): void {
    if (this.#newest === undefined && remaining === undefined) return
    if (remaining !== undefined && (this.#newest === undefined || started > this.#newest)) {
      this.#newest = started
      this.#recent = this.#recent.filter(other => other.ended > started)
    }
    this.#recent.push({ ended, remaining })
  }

  /** What was left when the last answered request was counted, or less; undefined when nothing is known. */
  get least(): number | undefined {
    if (this.#newest === undefined) return undefined
    return this.#recent.reduce((least, { remaining = least }) => Math.min(least, remaining), Infinity)
  }

  /** How many ended without telling, and may have been counted after that. */
  get untold(): number {
    return this.#recent.filter(({ remaining }) => remaining === undefined).length
  }

  /** Back to knowing nothing. */
  forget(): void {
    this.#newest = undefined
    this.#recent = []
  }
}
