import { type Ended, Remainder, type Started } from './Remainder.ts'
import type { WindowLeft } from './rateLimits.ts'

/** The most own requests that are remembered; for others, the client has to wait for the portal's next report. */
const kept = 1_000

/**
 * A portal's limit of requests in any interval, for this client and all others together. It is pure: times are passed
 * in, in milliseconds of a monotonic clock.
 *
 * As many requests may start as the portal reported to be left, minus those in flight. After that, one may start for
 * each own request that has left the window: it was counted before its answer came, so it leaves the window at the
 * latest one interval after its answer. When an interval has passed since the portal's last report, everything that the
 * report counted has left the window, and one request per interval asks again.
 */
export class RollingLimit {
  readonly #left = new Remainder()
  /** Requests in any interval, if the portal reports it. */
  #limit: number | undefined
  #interval = 0
  /** When the portal last reported what is left. */
  #toldAt = 0
  /** Own requests that were certainly in the window then, in the order of their ends. */
  #own: Ended[] = []

  /**
   * Records the end of a request.
   *
   * @param told what its answer reported, if anything
   * @param counted whether the portal accepted it, and therefore counts it
   */
  note(request: Ended, told: WindowLeft | undefined, counted: boolean): void {
    if (told !== undefined) {
      this.#limit = told.limit
      this.#interval = told.interval
      this.#toldAt = request.endedAt
      if (counted && this.#own.length < kept) this.#own.push(request)
      this.#own = this.#own.filter(({ startedAt }) => startedAt + told.interval > request.endedAt)
    } else if (request.endedAt >= this.#toldAt + this.#interval) {
      this.#forget()
    }
    this.#left.note(request, told?.remaining)
  }

  /**
   * Milliseconds from `now` until one more may start: 0 if now, never more than the interval; Infinity if that depends
   * on requests in flight.
   */
  wait(now: number, underWay: ReadonlySet<Started>): number {
    const { least, untold } = this.#left
    if (least === undefined) return 0
    const missing = untold + underWay.size - least
    if (missing < 0) return 0
    const leaving = this.#own[missing]
    return Math.max(0, (leaving?.endedAt ?? this.#lastWord(underWay)) + this.#interval - now)
  }

  /** When the portal was last asked, or answered; Infinity if the requests in flight alone may fill a small limit. */
  #lastWord(underWay: ReadonlySet<Started>): number {
    if (underWay.size > 0 && underWay.size >= (this.#limit ?? 1)) return Infinity
    return Math.max(this.#toldAt, ...Array.from(underWay, ({ startedAt }) => startedAt))
  }

  #forget(): void {
    this.#left.forget()
    this.#own = []
    this.#toldAt = 0
    this.#interval = 0
  }
}
