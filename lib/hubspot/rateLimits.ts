import { type AnswerHeaders, header } from '../http/exchange.ts'

/** What is left of a rolling window. */
export interface WindowLeft {
  remaining: number
  /** Requests in any interval; undefined when only the rest is told. */
  limit: number | undefined
  /** Milliseconds that the window is long. */
  interval: number
}

/** What is left of the day. */
export interface DayLeft {
  remaining: number
  /** Requests that the day has. */
  limit: number
}

/** What an answer's headers tell of the portal's limits; what is missing or malformed is undefined. */
export interface LimitsLeft {
  /** Of -Max, -Remaining and -Interval-Milliseconds. */
  burst: WindowLeft | undefined
  /** Of -Secondly and -Secondly-Remaining. */
  secondly: WindowLeft | undefined
  /** Of -Daily and -Daily-Remaining. */
  daily: DayLeft | undefined
}

/** The window of the policy TEN_SECONDLY_ROLLING, for a portal that does not say how long it is. */
const usualInterval = 10_000
/** No window that is waited for is longer; a number beyond is taken for nonsense. */
const longestInterval = 600_000

/**
 * Reads the headers X-HubSpot-RateLimit-…, of which a portal sends all, some or none. A window is known by what
 * remains of it.
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

/** Which limit a 429 is about. */
export interface RateLimitPolicy {
  /** The portal's own name for it, such as TEN_SECONDLY_ROLLING, SECONDLY or DAILY. */
  name: string | undefined
  /** Milliseconds after which the limit lets the next one through, where the name tells. */
  wait: number | undefined
}

/** The names that portals have sent, and how long each is to be waited for. */
const waits: ReadonlyMap<string | undefined, number> = new Map([
  ['TEN_SECONDLY_ROLLING', 10_000],
  ['SECONDLY', 1_000],
])

/**
 * Which limit a 429 is about: by the `policyName` of its body, or, for the daily one, by the header
 * X-HubSpot-RateLimit-Daily-Remaining.
 */
export function rateLimitPolicy(body: string, headers: AnswerHeaders): RateLimitPolicy {
  const isDayOver = header(headers, 'x-hubspot-ratelimit-daily-remaining')?.trim() === '0'
  const name = policyName(body) ?? (isDayOver ? 'DAILY' : undefined)
  return { name, wait: waits.get(name) }
}

function policyName(body: string): string | undefined {
  try {
    const { policyName } = JSON.parse(body) as { policyName?: unknown }
    return typeof policyName === 'string' ? policyName : undefined
  } catch {
    // An HTML page, nothing, or more than was read: the limit has no name then.
    return undefined
  }
}
