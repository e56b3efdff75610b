/** A request that has started. */
export interface Started {
  /** Its sequence number among all starts and ends of the client: many happen in the same millisecond. */
  started: number
  /** Milliseconds, by a monotonic clock. */
  startedAt: number
}

/** A request that has ended: the headers of its answer have arrived, or it failed. */
export interface Ended extends Started {
  /** The sequence number of its end. */
  ended: number
  /** Milliseconds, by a monotonic clock. */
  endedAt: number
}

/**
 * What is left of one limit, for any order of the answers.
 *
 * The portal counts a request at some time between its start and its end. So of all answered requests, the one that was
 * counted last is either the one that started last, or one that was in flight at the same time. Which one is unknown,
 * but the lowest value that any of them reported is not higher than the value of the one counted last. Older answers
 * add nothing.
 */
export class Remainder {
  /** The sequence number of the latest start of an answered request. */
  #newest: number | undefined
  /** That request, and those that ended since it started: at most as many as were in flight at once, plus failures. */
  #recent: { ended: number; remaining: number | undefined }[] = []

  /** Records the end of a request; `remaining` is undefined if its end did not report a value. */
  record({ started, ended }: Ended, remaining: number | undefined): void {
    if (this.#newest === undefined && remaining === undefined) return
    if (remaining !== undefined && (this.#newest === undefined || started > this.#newest)) {
      this.#newest = started
      this.#recent = this.#recent.filter(request => request.ended > started)
    }
    this.#recent.push({ ended, remaining })
  }

  /** What was left when the last answered request was counted, or less; undefined if nothing is known. */
  get lowest(): number | undefined {
    if (this.#newest === undefined) return undefined
    return this.#recent.reduce((lowest, { remaining = lowest }) => Math.min(lowest, remaining), Infinity)
  }

  /** How many requests ended without reporting a value, and may have been counted after that. */
  get unreported(): number {
    return this.#recent.filter(({ remaining }) => remaining === undefined).length
  }

  /** Forgets everything. */
  forget(): void {
    this.#newest = undefined
    this.#recent = []
  }
}
