/** Counts events in the stretch of time that ends now: at most so many in any `interval`. */
export class RollingWindow {
  readonly limit: number
  readonly interval: number
  /** When the events were, ascending; those before `#first` have left the window. */
  #times: number[] = []
  #first = 0

  /** @param interval milliseconds */
  constructor(limit: number, interval: number) {
    this.limit = limit
    this.interval = interval
  }

  /** How many more events fit now. */
  remaining(now: number): number {
    this.#forget(now)
    return this.limit - (this.#times.length - this.#first)
  }

  /** In how many milliseconds the next event fits; 0 when it does now. */
  wait(now: number): number {
    if (this.remaining(now) > 0) return 0
    return (this.#times[this.#first] ?? now) + this.interval - now
  }

  /** One more event. */
  add(now: number): void {
    this.#times.push(now)
  }

  #forget(now: number): void {
    while ((this.#times[this.#first] ?? now) <= now - this.interval) this.#first++
    // Cutting the array costs its length, so it waits until half of it is cut off.
    if (this.#first * 2 <= this.#times.length) return
    this.#times = this.#times.slice(this.#first)
    this.#first = 0
  }
}
