/** Counts events in the interval that ends now: at most `limit` in any `interval`. */
export class RollingWindow {
  readonly limit: number
  readonly interval: number
  /** The times of the events, ascending; those before `#first` have left the window. */
  #times: number[] = []
  #first = 0

  /** @param interval milliseconds */
  constructor(limit: number, interval: number) {
    this.limit = limit
    this.interval = interval
  }

  /** Number of further events that are allowed now. */
  remaining(now: number): number {
    this.#forget(now)
    return this.limit - (this.#times.length - this.#first)
  }

  /** Milliseconds until the next event is allowed; 0 if it is allowed now. */
  wait(now: number): number {
    if (this.remaining(now) > 0) return 0
    return (this.#times[this.#first] ?? now) + this.interval - now
  }

  /** Adds an event. */
  add(now: number): void {
    this.#times.push(now)
  }

  #forget(now: number): void {
    while ((this.#times[this.#first] ?? now) <= now - this.interval) this.#first++
    // Cutting the array costs time in proportion to its length, so it waits until half of it can be cut off.
    if (this.#first * 2 <= this.#times.length) return
    this.#times = this.#times.slice(this.#first)
    this.#first = 0
  }
}
