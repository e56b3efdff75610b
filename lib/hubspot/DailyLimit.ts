import { LeadpipeError } from '../errors.ts'
import { type Ended, Remainder } from './Remainder.ts'
import type { DayLeft } from './rateLimits.ts'

/** Milliseconds after which the portal is asked again: its day may have ended, or be a rolling one. */
const askAgain = 600_000

/**
 * The portal's daily limit, of which the client's own requests and others' together may use a share. It is pure:
 * times are passed in, in milliseconds of a clock that only goes forward.
 */
export class DailyLimit {
  readonly #share: number
  readonly #left = new Remainder()
  #limit = 0
  #toldAt = 0

  /** @param share more than 0, at most 1 */
  constructor(share: number) {
    this.#share = share
  }

  /** Takes note of a request's end, and of what its answer said of the day, if anything. */
  note(request: Ended, told: DayLeft | undefined): void {
    if (told === undefined) return
    this.#limit = told.limit
    this.#toldAt = request.endedAt
    this.#left.note(request, told.remaining)
  }

  /**
   * Whether one more may start: `refused` when the share is used up; `unclear` when that depends on those under
   * way. Ten minutes after the portal's last word, one request is `open` to ask anew.
   *
   * @param underWay how many have started and not ended
   */
  state(now: number, underWay: number): 'open' | 'unclear' | 'refused' {
    const { least } = this.#left
    if (least === undefined || !this.#usedUp(least - underWay)) return 'open'
    const current = now < this.#toldAt + askAgain
    if (this.#usedUp(least) && current) return 'refused'
    return underWay > 0 ? 'unclear' : 'open'
  }

  /** What a request that is refused fails with. */
  refusal(): LeadpipeError {
    const remaining = this.#left.least
    const share = this.#share
    return new LeadpipeError(
      'DAILY_LIMIT',
      `the daily limit is used up as far as dailyShare ${share} allows: ${remaining} of the portal's ${this.#limit} requests remain`,
      { context: { dailyLimit: this.#limit, dailyRemaining: remaining, dailyShare: share } },
    )
  }

  #usedUp(left: number): boolean {
    // 0.07 * 100 is a little more than 7.
    const allowed = Math.floor(this.#share * this.#limit + 1e-6)
    return this.#limit - left >= allowed
  }
}
