import { optionError } from '../options/checkOptions.ts'
import { group, integer, number, type OptionRule } from '../options/optionRule.ts'

/** How requests go out, whatever they ask or bring. */
export interface TransportOptions {
  /** Most requests under way, and connections open, at once: 1 to 100. Default: 4. */
  concurrency?: number | undefined
  /** At most so many attempts may start within any time of that length; 'none' is no limit. */
  rateLimit?: RateLimit | 'none' | undefined
  /** When and how often a failed attempt is repeated. */
  retry?: RetryOptions | undefined
  /** How long to wait for what. */
  timeouts?: Omit<TimeoutOptions, 'page'> | undefined
}

/** At most `requests` starts within any `interval`. */
export interface RateLimit {
  /** 1 to 2,147,483,647. */
  requests: number
  /** Milliseconds, 1 to 2,147,483,647. */
  interval: number
}

/**
 * 429, 5xx, network errors and timeouts are retried. The wait is the server's Retry-After where it gives
 * one, else it doubles from `minDelay` to `maxDelay`, less a random part of up to half (jitter).
 */
export interface RetryOptions {
  /** How often an attempt is repeated, 0 to 100. Default: 5. */
  retries?: number | undefined
  /**
   * Milliseconds before the first repetition, 0 to 2,147,483,647, and no more than `maxDelay`. Default: 500, or
   * `maxDelay` where that is less.
   */
  minDelay?: number | undefined
  /**
   * Most milliseconds between two attempts, Retry-After included, 0 to 2,147,483,647. Default: 60,000, or
   * `minDelay` where that is more.
   */
  maxDelay?: number | undefined
  /**
   * The most retries in all, as a share of the requests, 0 to 10; the first 100 are free. A server that fails
   * more than that for long is not asked any more. Default: 0.5.
   */
  budget?: number | undefined
}

/** Milliseconds, 1 to 2,147,483,647 each; headers and chunk are looked at about twice a second. */
export interface TimeoutOptions {
  /** To open a connection. Default: 10,000. */
  connect?: number | undefined
  /** From the request to the answer's headers. Default: 60,000. */
  headers?: number | undefined
  /** Between two chunks of a body; the time that a slow consumer takes does not count. Default: 60,000. */
  chunk?: number | undefined
  /**
   * From the answer's headers to the end of a page's body; the time that a slow consumer takes does not count.
   * A page that takes longer is cut, and what is missing is asked for again. Default: no limit.
   */
  page?: number | undefined
}

/** The options with every default filled in. */
export interface TransportSettings {
  concurrency: number
  rateLimit: RateLimit | 'none'
  retry: Required<RetryOptions>
  timeouts: Required<Omit<TimeoutOptions, 'page'>> & Pick<TimeoutOptions, 'page'>
}

const transportDefaults = {
  concurrency: 4,
  retry: { retries: 5, minDelay: 500, maxDelay: 60_000, budget: 0.5 },
  timeouts: { connect: 10_000, headers: 60_000, chunk: 60_000 },
} as const satisfies TransportOptions

/** The longest that a timer waits: more than that, Node takes for 1. */
const longest = 2 ** 31 - 1
const window = group(
  {
    requests: integer({ min: 1, max: longest }),
    interval: integer({ min: 1, max: longest, unit: 'milliseconds' }),
  },
  ['requests', 'interval'],
)
const delay = integer({ min: 0, max: longest, unit: 'milliseconds' })

/** What one of the timeouts accepts. */
export const timeoutRule = integer({ min: 1, max: longest, unit: 'milliseconds' })

/** What the timeouts of a request accept. */
export const timeoutRules = { connect: timeoutRule, headers: timeoutRule, chunk: timeoutRule } as const

/** What the options accept. */
export const transportRules = {
  concurrency: integer({ min: 1, max: 100 }),
  rateLimit: { anyOf: [{ enum: ['none'] }, window], expected: `${window.expected} or "none"` },
  retry: group({
    retries: integer({ min: 0, max: 100 }),
    minDelay: delay,
    maxDelay: delay,
    budget: number({ min: 0, max: 10 }),
  }),
  timeouts: group(timeoutRules),
} as const satisfies Record<keyof TransportOptions, OptionRule>

/**
 * Fills in the defaults of options whose values are checked.
 *
 * @param owner who has these options, for messages
 * @param defaults the rate limit, where the user gives none
 * @throws {LeadpipeError} OPTION when they contradict each other.
 */
export function transportSettings(
  owner: string,
  given: TransportOptions,
  defaults: { rateLimit: RateLimit | 'none' },
): TransportSettings {
  return {
    concurrency: given.concurrency ?? transportDefaults.concurrency,
    rateLimit: given.rateLimit ?? defaults.rateLimit,
    retry: { ...withDefaults(transportDefaults.retry, given.retry), ...delays(owner, given.retry) },
    timeouts: withDefaults(transportDefaults.timeouts, given.timeouts),
  }
}

function delays(owner: string, { minDelay, maxDelay }: RetryOptions = {}) {
  if (minDelay !== undefined && maxDelay !== undefined && minDelay > maxDelay) {
    throw optionError(`${owner}: retry.minDelay`, `expected no more than maxDelay (${maxDelay})`, minDelay)
  }
  const { retry } = transportDefaults
  return {
    minDelay: minDelay ?? Math.min(retry.minDelay, maxDelay ?? retry.maxDelay),
    maxDelay: maxDelay ?? Math.max(retry.maxDelay, minDelay ?? retry.minDelay),
  }
}

/** What is undefined counts as absent, inside of an option, too. */
function withDefaults<T extends object>(defaults: T, given: { [K in keyof T]?: number | undefined } = {}) {
  const present = Object.entries(given).filter(([, value]) => value !== undefined)
  return { ...defaults, ...Object.fromEntries(present) } as Record<keyof T, number>
}
