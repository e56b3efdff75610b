import { type Ended, Remainder, type Started } from './Remainder.ts'
import type { WindowLeft } from './rateLimits.ts'

/** How many own requests are remembered; for others, the client has to wait for the portal's next report. */
const maxKept = 1_000

/**
 * A portal's limit of requests in any interval, for this client and all others together. It is pure: times are passed
 * in, in milliseconds of a monotonic clock.
 *
 * As many requests may start as the portal reported to be left, minus those in flight. After that, one may start for
 * each own request that has left the window: it was counted before its answer arrived, so it leaves the window at the
 * latest one interval after its answer. When an interval has passed since the portal's last report, everything that the
 * report counted has left the window, and one request per interval is sent to get a new report.
 */
export class RollingLimit {
  readonly #left = new Remainder()
  /** Requests in any interval, if the portal reports it. */
  #limit: number | undefined
  #interval = 0
  /** When the portal last reported what is left. */
  #reportedAt = 0
  /** Own requests that were certainly in the window then, in the order of their ends. */
  #own: Ended[] = []

  /**
   * Records the end of a request.
   *
   * @param reported what its answer reported, if anything
   * @param counted whether the portal accepted it, and therefore counts it
   */
  record(request: Ended, reported: WindowLeft | undefined, counted: boolean): void {
    if (reported !== undefined) {
      this.#limit = reported.limit
      this.#interval = reported.interval
      this.#reportedAt = request.endedAt
      if (counted && this.#own.length < maxKept) this.#own.push(request)
      this.#own = this.#own.filter(({ startedAt }) => startedAt + reported.interval > request.endedAt)
    } else if (request.endedAt >= this.#reportedAt + this.#interval) {
      this.#forget()
    }
    this.#left.record(request, reported?.remaining)
  }

  /**
   * Milliseconds from `now` until one more may start: 0 if now, never more than the interval; Infinity if that depends
   * on requests in flight.
   */
  wait(now: number, inFlight: ReadonlySet<Started>): number {
    const { lowest, unreported } = this.#left
    if (lowest === undefined) return 0
    const missing = unreported + inFlight.size - lowest
    if (missing < 0) return 0
    const leaving = this.#own[missing]
    return Math.max(0, (leaving?.endedAt ?? this.#lastContact(inFlight)) + this.#interval - now)
  }

  /** When the last request started or ended; Infinity if the requests in flight alone may fill a small limit. */
  #lastContact(inFlight: ReadonlySet<Started>): number {
    if (inFlight.size > 0 && inFlight.size >= (this.#limit ?? 1)) return Infinity
    return Math.max(this.#reportedAt, ...Array.from(inFlight, ({ startedAt }) => startedAt))
  }

  #forget(): void {
    this.#left.forget()
    this.#own = []
    this.#reportedAt = 0
    this.#interval = 0
  }
}
