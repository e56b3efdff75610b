import type { RawAnswer } from '../http/exchange.ts'
import type { ServerLimits } from '../http/Limiter.ts'
import { DailyLimit } from './DailyLimit.ts'
import type { Started } from './Remainder.ts'
import { RollingLimit } from './RollingLimit.ts'
import { rateLimitHeaders } from './rateLimits.ts'

/**
 * The portal's own limits as its answers tell them, in the headers X-HubSpot-RateLimit-…: the portal counts
 * everyone's requests, of which the client knows only its own. It is pure: times are passed in, in milliseconds
 * of a clock that only goes forward. A portal that sends no such headers is not limited here.
 */
export class PortalLimits implements ServerLimits<Started> {
  readonly #burst = new RollingLimit()
  readonly #secondly = new RollingLimit()
  readonly #daily: DailyLimit
  readonly #underWay = new Set<Started>()
  #place = 0

  /** @param dailyShare how much of the daily limit may be used, more than 0, at most 1 */
  constructor(dailyShare: number) {
    this.#daily = new DailyLimit(dailyShare)
  }

  /**
   * Milliseconds from `now` until one more may start, or be refused: 0 when now, at most the interval of a
   * window; Infinity when that depends on those under way.
   */
  wait(now: number): number {
    const underWay = this.#underWay
    const daily = this.#daily.state(now, underWay.size)
    if (daily === 'refused') return 0
    if (daily === 'unclear') return Infinity
    return Math.max(this.#burst.wait(now, underWay), this.#secondly.wait(now, underWay))
  }

  /**
   * Takes note of a request that starts.
   *
   * @throws {LeadpipeError} DAILY_LIMIT when the share of the daily limit is used up; it must not start then.
   */
  start(now: number): Started {
    if (this.#daily.state(now, this.#underWay.size) === 'refused') throw this.#daily.refusal()
    const request = { started: this.#next(), startedAt: now }
    this.#underWay.add(request)
    return request
  }

  /** Takes note of a request's end, once: of its answer, or of a failure without one. */
  end(request: Started, now: number, answer?: Pick<RawAnswer, 'status' | 'headers'>): void {
    if (!this.#underWay.delete(request)) return
    const ended = { ...request, ended: this.#next(), endedAt: now }
    const { burst, secondly, daily } = rateLimitHeaders(answer?.headers ?? {})
    // A request that was refused is not counted.
    const counted = answer?.status !== 429
    this.#burst.note(ended, burst, counted)
    this.#secondly.note(ended, secondly, counted)
    this.#daily.note(ended, daily)
  }

  #next(): number {
    this.#place += 1
    return this.#place
  }
}
