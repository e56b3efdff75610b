import type { OptionRule } from '../model/checkOptions.ts'

/** How requests go out, whatever they ask or bring. */
export interface TransportOptions {
  /** Most requests under way, and connections open, at once: 1 to 100. Default: 4. */
  concurrency?: number
  /** At most so many attempts may start within any time of that length; 'none' is no limit. */
  rateLimit?: RateLimit | 'none'
  /** When and how often a failed attempt is repeated. */
  retry?: RetryOptions
  /** How long to wait for what. */
  timeouts?: Omit<TimeoutOptions, 'page'>
}

/** At most `requests` starts within any `interval`. */
export interface RateLimit {
  /** 1 or more. */
  requests: number
  /** Milliseconds, 1 or more. */
  interval: number
}

/**
 * 429, 5xx, network errors and timeouts are retried. The wait is the server's Retry-After where it gives
 * one, else it doubles from `minDelay` to `maxDelay`, less a random part of up to half (jitter).
 */
export interface RetryOptions {
  /** How often an attempt is repeated, 0 to 100. Default: 5. */
  retries?: number
  /** Milliseconds before the first repetition. Default: 500. */
  minDelay?: number
  /** Most milliseconds between two attempts, Retry-After included. Default: 60,000. */
  maxDelay?: number
  /**
   * The most retries in all, as a share of the requests, 0 to 10; the first 100 are free. A server that fails
   * more than that for long is not asked any more. Default: 0.5.
   */
  budget?: number
}

/** Milliseconds, 1 or more each; headers and chunk are looked at about twice a second. */
export interface TimeoutOptions {
  /** To open a connection. Default: 10,000. */
  connect?: number
  /** From the request to the answer's headers. Default: 60,000. */
  headers?: number
  /** Between two chunks of a body; the time that a slow consumer takes does not count. Default: 60,000. */
  chunk?: number
  /**
   * From the answer's headers to the end of a page's body; the time that a slow consumer takes does not count.
   * A page that takes longer is cut, and what is missing is asked for again. Default: no limit.
   */
  page?: number
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

const longest = 2 ** 31 - 1
const positive = { type: 'integer', minimum: 1, maximum: longest } as const
const delay = { type: 'integer', minimum: 0, maximum: longest } as const
const group = (properties: object, required: string[] = []) => ({
  type: 'object',
  additionalProperties: false,
  properties,
  required,
})

/** What the options accept. */
export const transportRules = {
  concurrency: { type: 'integer', minimum: 1, maximum: 100, expected: 'an integer from 1 to 100' },
  rateLimit: {
    anyOf: [{ enum: ['none'] }, group({ requests: positive, interval: positive }, ['requests', 'interval'])],
    expected: '{ requests, interval } (integers, 1 or more; interval in milliseconds) or "none"',
  },
  retry: {
    ...group({
      retries: { type: 'integer', minimum: 0, maximum: 100 },
      minDelay: delay,
      maxDelay: delay,
      budget: { type: 'number', minimum: 0, maximum: 10 },
    }),
    expected: '{ retries: 0 to 100, minDelay, maxDelay (milliseconds), budget: 0 to 10 }',
  },
  timeouts: timeoutsRule('connect', 'headers', 'chunk'),
} as const satisfies Record<keyof TransportOptions, OptionRule>

/** What the option `timeouts` accepts: milliseconds for each of these. */
export function timeoutsRule(...names: (keyof TimeoutOptions)[]): OptionRule {
  return {
    ...group(Object.fromEntries(names.map(name => [name, positive]))),
    expected: `{ ${names.join(', ')} } (milliseconds, 1 or more)`,
  }
}

/**
 * Fills in the defaults of checked options.
 *
 * @param rateLimit what applies where the user gives none
 */
export function transportSettings(
  given: TransportOptions,
  defaults: { rateLimit: RateLimit | 'none' },
): TransportSettings {
  return {
    concurrency: given.concurrency ?? transportDefaults.concurrency,
    rateLimit: given.rateLimit ?? defaults.rateLimit,
    retry: withDefaults(transportDefaults.retry, given.retry),
    timeouts: withDefaults(transportDefaults.timeouts, given.timeouts),
  }
}

/** What is undefined counts as absent, inside of an option, too. */
function withDefaults<T extends object>(defaults: T, given: { [K in keyof T]?: number | undefined } = {}) {
  const present = Object.entries(given).filter(([, value]) => value !== undefined)
  return { ...defaults, ...Object.fromEntries(present) } as Record<keyof T, number>
}
