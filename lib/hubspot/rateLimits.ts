import { type AnswerHeaders, header } from '../http/exchange.ts'

/** What is left of a rolling window. */
export interface WindowLeft {
  remaining: number
  /** Requests in any interval; undefined if only the remainder is reported. */
  limit: number | undefined
  /** Length of the window in milliseconds. */
  interval: number
}

/** What is left of the day. */
export interface DayLeft {
  remaining: number
  /** Requests per day. */
  limit: number
}

/** The portal's limits as an answer's headers report them; undefined if a header is missing or malformed. */
export interface LimitsLeft {
  /** From -Max, -Remaining and -Interval-Milliseconds. */
  burst: WindowLeft | undefined
  /** From -Secondly and -Secondly-Remaining. */
  secondly: WindowLeft | undefined
  /** From -Daily and -Daily-Remaining. */
  daily: DayLeft | undefined
}

/** The interval of the policy TEN_SECONDLY_ROLLING, for a portal that does not report the interval. */
const usualInterval = 10_000
/** The longest interval that is accepted; a longer one is ignored as nonsense. */
const longestInterval = 600_000

/**
 * Reads the headers X-HubSpot-RateLimit-…, of which a portal sends all, some or none. A window counts as known if its
 * remainder is reported.
 */
export function rateLimitHeaders(headers: AnswerHeaders): LimitsLeft {
  const number = (name: string) => wholeNumber(header(headers, `x-hubspot-ratelimit-${name}`))
  const window = (remaining: string, limit: string, interval: number): WindowLeft | undefined => {
    const left = number(remaining)
    if (left === undefined || interval > longestInterval) return undefined
    return { remaining: left, limit: number(limit), interval }
  }
  const [limit, remaining] = [number('daily'), number('daily-remaining')]
  return {
    burst: window('remaining', 'max', number('interval-milliseconds') || usualInterval),
    secondly: window('secondly-remaining', 'secondly', 1_000),
    daily: limit === undefined || remaining === undefined ? undefined : { limit, remaining },
  }
}

function wholeNumber(value: string | undefined): number | undefined {
  const text = value?.trim() ?? ''
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined
}
