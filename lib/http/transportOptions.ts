import { optionError } from '../options/checkOptions.ts'
import { group, integer, number, type OptionRule, withDefault } from '../options/optionRule.ts'

/** How requests are sent: options that all HTTP clients share. */
export interface TransportOptions {
  /**
   * The maximum number of open connections, and of requests in flight: 1 to 100. If the server counts requests in
   * groups, this many of each group may start; they share the connections, and wait for one that is free. Default: 4.
   */
  concurrency?: number | undefined
  /**
   * The maximum number of attempts that may start within any interval (a sliding window), of each group if the server
   * counts requests in groups; 'none' means no limit. An attempt that has started may still wait for a connection.
   */
  rateLimit?: RateLimit | 'none' | undefined
  /** When and how often a failed attempt is retried. */
  retry?: RetryOptions | undefined
  /** How long each step of a request may take. */
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
 * 429, 5xx, network errors and timeouts are retried. If the server sends a Retry-After, that is the wait. If not, the
 * wait doubles from `minDelay` to `maxDelay`, minus a random part of up to half (jitter).
 */
export interface RetryOptions {
  /** The maximum number of retries of one request, 0 to 100. Default: 5. */
  retries?: number | undefined
  /**
   * Milliseconds before the first retry, 0 to 2,147,483,647, and no more than `maxDelay`. Default: 500, or `maxDelay`
   * if that is less.
   */
  minDelay?: number | undefined
  /**
   * The maximum number of milliseconds between two attempts, 0 to 2,147,483,647; also limits Retry-After. Default:
   * 60,000, or `minDelay` if that is more.
   */
  maxDelay?: number | undefined
  /**
   * The maximum number of retries of all requests together, as a share of the number of requests, 0 to 10; the first
   * 100 retries are free. When the budget is used up, failed requests are not retried. Default: 0.5.
   */
  budget?: number | undefined
}

/** Milliseconds, 1 to 2,147,483,647 each; `headers` and `chunk` are checked about twice a second. */
export interface TimeoutOptions {
  /** To open a connection. Default: 10,000. */
  connect?: number | undefined
  /** From the request to the answer's headers. Default: 60,000. */
  headers?: number | undefined
  /** Between two chunks of a body; the time that a slow consumer takes does not count. Default: 60,000. */
  chunk?: number | undefined
  /**
   * From the answer's headers to the end of a page's body; the time that a slow consumer takes does not count. A page
   * that takes longer is cut off, and the rest of it is requested again. Default: no limit.
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

/** The longest wait of a timer: Node treats a longer one as 1 ms. */
const longest = 2 ** 31 - 1
const window = group(
  {
    requests: integer({ min: 1, max: longest }),
    interval: integer({ min: 1, max: longest, unit: 'milliseconds' }),
  },
  ['requests', 'interval'],
)
const delay = integer({ min: 0, max: longest, unit: 'milliseconds' })

/** What one timeout accepts. */
export const timeoutRule = integer({ min: 1, max: longest, unit: 'milliseconds' })

/** What the timeouts of a request accept. */
export const timeoutRules = {
  connect: withDefault(10_000, timeoutRule),
  headers: withDefault(60_000, timeoutRule),
  chunk: withDefault(60_000, timeoutRule),
} as const

/** What the options accept. */
export const transportRules = {
  concurrency: integer({ min: 1, max: 100, default: 4 }),
  rateLimit: { anyOf: [{ enum: ['none'] }, window], expected: `${window.expected} or "none"` },
  retry: group({
    retries: integer({ min: 0, max: 100, default: 5 }),
    // Their defaults depend on each other.
    minDelay: delay,
    maxDelay: delay,
    budget: withDefault(0.5, number({ min: 0, max: 10 })),
  }),
  timeouts: group(timeoutRules),
} as const satisfies Record<keyof TransportOptions, OptionRule>

/**
 * Completes checked options.
 *
 * @param owner the owner of the options, for messages
 * @throws {LeadpipeError} OPTION when options contradict each other.
 */
export function transportSettings(owner: string, checked: TransportOptions): TransportSettings {
  // The rules have filled in the other defaults.
  const { concurrency, rateLimit, retry, timeouts } = checked as TransportSettings
  return { concurrency, rateLimit, timeouts, retry: { ...retry, ...delays(owner, retry) } }
}

function delays(owner: string, { minDelay, maxDelay }: RetryOptions) {
  if (minDelay !== undefined && maxDelay !== undefined && minDelay > maxDelay) {
    const other = { option: 'retry.maxDelay', value: maxDelay }
    const received = String(minDelay)
    throw optionError({
      owner,
      option: 'retry.minDelay',
      expected: `at most ${maxDelay}`,
      with: other,
      received,
    })
  }
  return {
    minDelay: minDelay ?? Math.min(500, maxDelay ?? 500),
    maxDelay: maxDelay ?? Math.max(60_000, minDelay ?? 0),
  }
}
