import { type Ended, Remainder, type Started } from './Remainder.ts'
import type { WindowLeft } from './rateLimits.ts'

/** So many own requests are remembered; to forget more only means to wait for the portal's word on them. */
const kept = 1_000

/**
 * A portal's limit of so many requests in any stretch of time, its own and others' together. It is pure: times
 * are passed in, in milliseconds of a clock that only goes forward.
 *
 * What the portal said to be left, less what is under way, may start. After that, one may start for each own
 * request that has left the window: it was counted before its answer came, so it is out of the window, at the
 * latest, an interval after its answer. When an interval has passed since the portal's last word, all that it
 * counted is out, and one request an interval asks anew.
 */
export class RollingLimit {
  readonly #left = new Remainder()
  /** Requests in any interval, where the portal says so. */
  #limit: number | undefined
  #interval = 0
  /** When the portal last said what is left. */
  #toldAt = 0
  /** Own requests that surely were in the window then, in the order of their ends. */
  #own: Ended[] = []

  /**
   * Takes note of a request's end.
   *
   * @param told what its answer said, if anything
   * @param counted whether the portal let it pass, and so counts it
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
   * Milliseconds from `now` until one more may start: 0 when it may now, never more than the interval; Infinity
   * when that depends on those under way.
   */
  wait(now: number, underWay: ReadonlySet<Started>): number {
    const { least, untold } = this.#left
    if (least === undefined) return 0
    const missing = untold + underWay.size - least
    if (missing < 0) return 0
    const leaving = this.#own[missing]
    return Math.max(0, (leaving?.endedAt ?? this.#lastWord(underWay)) + this.#interval - now)
  }

  /** When the portal was asked last, or answered; those under way alone may fill a small limit. */
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
