import { LeadpipeError } from '../errors.ts'
import type { RawAnswer } from '../http/exchange.ts'
import { SlidingWindow } from '../http/Limiter.ts'
import type { ServerLimits } from '../http/Limiters.ts'
import type { RateLimit } from '../http/transportOptions.ts'
import { type RequestGroup, requestGroups } from './apiPaths.ts'
import { type Ended, Remainder, type Started } from './Remainder.ts'
import { RollingLimit } from './RollingLimit.ts'
import { type DayLeft, type LimitsLeft, limitNamed, rateLimitHeaders } from './rateLimits.ts'

/** A request that has started, and its group. */
interface StartedIn extends Started {
  group: GroupLimits
}

/**
 * The portal's own limits, as its answers report them in the headers X-HubSpot-RateLimit-…, and those that it does not
 * report: search and associations have limits of their own. The portal counts the requests of all clients; this client
 * knows only its own. It is pure: times are passed in, in milliseconds of a monotonic clock. In the main group, a
 * portal that sends no such headers is not limited here.
 */
export class PortalLimits implements ServerLimits<StartedIn> {
  readonly #groups: Readonly<Record<RequestGroup, GroupLimits>> = {
    main: new GroupLimits(),
    search: new GroupLimits({ requests: 5, interval: 1_000 }),
    associations: new GroupLimits({ requests: 100, interval: 10_000 }),
  }
  readonly #daily: DailyLimit
  #sequence = 0

  /** @param dailyShare the share of the daily limit that may be used, more than 0, at most 1 */
  constructor(dailyShare: number) {
    this.#daily = new DailyLimit(dailyShare)
  }

  /**
   * Milliseconds from `now` until one more of a group may start, or be refused: 0 if now, at most the interval of a
   * window; Infinity if that depends on requests in flight.
   */
  wait(now: number, group: RequestGroup = 'main'): number {
    const daily = this.#daily.state(now, this.#inFlight)
    if (daily === 'refused') return 0
    if (daily === 'unclear') return Infinity
    return this.#groups[group].wait(now)
  }

  /**
   * Records the start of a request.
   *
   * @throws {LeadpipeError} DAILY_LIMIT when the share of the daily limit is used up: the request must not start.
   */
  start(now: number, group: RequestGroup = 'main'): StartedIn {
    if (this.#daily.state(now, this.#inFlight) === 'refused') throw this.#daily.refusal()
    const request = { started: this.#next(), startedAt: now, group: this.#groups[group] }
    request.group.start(request)
    return request
  }

  /** Records the end of a request, once: its answer, or a failure without one. */
  end(request: StartedIn, now: number, answer?: Pick<RawAnswer, 'status' | 'headers'>): void {
    if (!request.group.inFlight.delete(request)) return
    const ended = { ...request, ended: this.#next(), endedAt: now }
    const reported = rateLimitHeaders(answer?.headers ?? {})
    // The portal does not count a request that it refused.
    request.group.record(ended, reported, answer?.status !== 429)
    this.#daily.record(ended, reported.daily)
  }

  /** The limit of a second concerns only the group that ran into it; one that is not known concerns all. */
  heldBackBy({ context }: LeadpipeError, group: RequestGroup = 'main'): readonly RequestGroup[] {
    const name = limitNamed('policy' in context ? context.policy : undefined)
    if (name === 'SECONDLY') return [group]
    if (name === 'TEN_SECONDLY_ROLLING') return group === 'search' ? ['main', group] : [group]
    return requestGroups
  }

  get #inFlight(): number {
    return requestGroups.reduce((sum, group) => sum + this.#groups[group].inFlight.size, 0)
  }

  #next(): number {
    this.#sequence += 1
    return this.#sequence
  }
}

/**
 * How much longer a window that the portal does not report is here. The portal counts requests when they arrive, and some
 * take longer than others. If that difference is more than a tenth, there may be a 429, which is retried.
 */
const fixedMargin = 1.1

/** The limits of one group of requests. */
class GroupLimits {
  /** The requests that have started and not ended. */
  readonly inFlight = new Set<Started>()
  readonly #burst = new RollingLimit()
  readonly #secondly = new RollingLimit()
  readonly #fixed: SlidingWindow | undefined

  /** @param fixed a limit that the portal does not report */
  constructor(fixed?: RateLimit) {
    this.#fixed = fixed && new SlidingWindow({ ...fixed, interval: fixed.interval * fixedMargin })
  }

  wait(now: number): number {
    const { inFlight } = this
    const fixed = this.#fixed?.wait(now) ?? 0
    return Math.max(this.#burst.wait(now, inFlight), this.#secondly.wait(now, inFlight), fixed)
  }

  start(request: Started): void {
    this.inFlight.add(request)
    this.#fixed?.start(request.startedAt)
  }

  record(request: Ended, { burst, secondly }: LimitsLeft, counted: boolean): void {
    this.#burst.record(request, burst, counted)
    this.#secondly.record(request, secondly, counted)
  }
}

/** Milliseconds after which one request is sent again: the portal's day may have ended, or may be a rolling window. */
const retryDailyAfter = 600_000

/**
 * The portal's daily limit: this client and all others together may use a share of it. It is pure: times are passed in,
 * in milliseconds of a monotonic clock.
 */
class DailyLimit {
  readonly #share: number
  readonly #remainder = new Remainder()
  #limit = 0
  #reportedAt = 0

  /** @param share more than 0, at most 1 */
  constructor(share: number) {
    this.#share = share
  }

  /** Records the end of a request, and what its answer reported about the day, if anything. */
  record(request: Ended, reported: DayLeft | undefined): void {
    if (reported === undefined) return
    this.#limit = reported.limit
    this.#reportedAt = request.endedAt
    this.#remainder.record(request, reported.remaining)
  }

  /**
   * Whether one more may start: `refused` if the share is used up; `unclear` if that depends on requests in flight. Ten
   * minutes after the portal's last report, one request is `open`, to get a new report.
   *
   * @param inFlight the number of requests that have started and not ended
   */
  state(now: number, inFlight: number): 'open' | 'unclear' | 'refused' {
    const { lowest } = this.#remainder
    if (lowest === undefined || !this.#usedUp(lowest - inFlight)) return 'open'
    const current = now < this.#reportedAt + retryDailyAfter
    if (this.#usedUp(lowest) && current) return 'refused'
    return inFlight > 0 ? 'unclear' : 'open'
  }

  /** The error of a refused request. */
  refusal(): LeadpipeError {
    const remaining = this.#remainder.lowest
    const share = this.#share
    return new LeadpipeError(
      'DAILY_LIMIT',
      share === 1
        ? `the portal's daily limit is used up: ${remaining} of its ${this.#limit} requests remain`
        : `the daily limit is used up as far as dailyShare ${share} allows: ${remaining} of the portal's ${this.#limit} requests remain`,
      { context: { dailyLimit: this.#limit, dailyRemaining: remaining, dailyShare: share } },
    )
  }

  #usedUp(left: number): boolean {
    // Allows for rounding errors: 0.07 * 100 is a little more than 7.
    const allowed = Math.floor(this.#share * this.#limit + 1e-6)
    return this.#limit - left >= allowed
  }
}
