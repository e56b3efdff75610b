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

/** A limit that a 429 is about. */
export type LimitName = 'TEN_SECONDLY_ROLLING' | 'SECONDLY' | 'DAILY'

/** The limit that a name is about: portals vary its spelling, such as TEN_SECONDLY. Undefined if it is another. */
export function limitNamed(name: string | undefined): LimitName | undefined {
  if (name === undefined) return undefined
  if (/ten_?secondly/i.test(name)) return 'TEN_SECONDLY_ROLLING'
  if (/secondly/i.test(name)) return 'SECONDLY'
  return /daily/i.test(name) ? 'DAILY' : undefined
}

/**
 * The name of the limit that a 429 reports: the `policyName` of its body, the limit that its `groupName` names, or the
 * one in the words of its message; or, for the daily limit, what the header X-HubSpot-RateLimit-Daily-Remaining says.
 */
export function policyOf(body: string, headers: AnswerHeaders): string | undefined {
  const { policyName, groupName, message = body } = errorBody(body)
  const words = /ten_secondly_rolling|\b(secondly|daily) limit\b/i.exec(textOf(message) ?? '')?.[0]
  const isDayOver = header(headers, 'x-hubspot-ratelimit-daily-remaining')?.trim() === '0'
  const named = textOf(policyName) ?? limitNamed(textOf(groupName)) ?? limitNamed(words)
  return named ?? (isDayOver ? 'DAILY' : undefined)
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : undefined)

/** An error as the API describes it; nothing if the body is an HTML page, empty, or longer than what was read. */
export function errorBody(body: string): Readonly<Record<string, unknown>> {
  try {
    return (JSON.parse(body) ?? {}) as Record<string, unknown>
  } catch {
    return {}
  }
}

function wholeNumber(value: string | undefined): number | undefined {
  const text = value?.trim() ?? ''
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined
}
