import { LeadpipeError } from '../errors.ts'
import { checkOptions, type OptionRules } from '../model/checkOptions.ts'

/** How a {@link LeadsClient} is set up. */
export interface LeadsClientOptions {
  /** The OAuth access token of the portal. Either this or `apiKey` is required. */
  accessToken?: string
  /** The older API key, sent as `hapikey`. Either this or `accessToken` is required. */
  apiKey?: string
  /**
   * Where the access token goes: 'query' sends it in the URL, as the API documents it; 'header' sends
   * `Authorization: Bearer`, which keeps it out of the logs of proxies. An API key goes in the URL only.
   * Default: 'query'.
   */
  auth?: 'query' | 'header'
  /** Scheme, host and port of the API. Default: 'https://api.hubapi.com'. */
  origin?: string
  /** Most requests under way, and connections open, at once: 1 to 100. Default: 4. */
  concurrency?: number
  /**
   * At most so many attempts may start within any time of that length (a sliding window); 'none' lifts this
   * limit of the client's own. The portal's limits are kept beside it, whatever it says: as far as the headers
   * X-HubSpot-RateLimit-Remaining, -Interval-Milliseconds and -Secondly-Remaining of its answers tell, which
   * count the requests of others too, no request is sent that would get a 429. Default: 100 requests in 10
   * seconds, HubSpot's burst limit.
   */
  rateLimit?: RateLimit | 'none'
  /**
   * At most this share of the portal's daily limit may be used, by this client and everyone else together, as
   * far as the headers X-HubSpot-RateLimit-Daily and -Daily-Remaining tell: more than 0, at most 1. When it is
   * used up, requests are not sent and fail with DAILY_LIMIT, which leaves the rest of the day to others; what
   * is under way is still used. Ten minutes after the portal's last word one request is sent to ask anew.
   * Default: 1.
   */
  dailyShare?: number
  /** When and how often a failed attempt is repeated. */
  retry?: RetryOptions
  /** How long to wait for what. */
  timeouts?: TimeoutOptions
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
   * The most retries of the client in all, as a share of its requests, 0 to 10; the first 100 are free. A
   * server that fails more than that for long is not asked any more. Default: 0.5.
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
export interface ClientSettings {
  credential: { name: 'access_token' | 'hapikey'; value: string; in: 'query' | 'header' }
  origin: string
  concurrency: number
  rateLimit: RateLimit | 'none'
  dailyShare: number
  retry: Required<RetryOptions>
  timeouts: Required<Omit<TimeoutOptions, 'page'>> & Pick<TimeoutOptions, 'page'>
}

/** What applies where the user says nothing. */
export const clientDefaults = {
  auth: 'query',
  origin: 'https://api.hubapi.com',
  concurrency: 4,
  rateLimit: { requests: 100, interval: 10_000 },
  dailyShare: 1,
  retry: { retries: 5, minDelay: 500, maxDelay: 60_000, budget: 0.5 },
  timeouts: { connect: 10_000, headers: 60_000, chunk: 60_000 },
} as const satisfies LeadsClientOptions

const positive = { type: 'integer', minimum: 1, maximum: 2 ** 31 - 1 } as const
const group = (properties: object, required: string[] = []) => ({
  type: 'object',
  additionalProperties: false,
  properties,
  required,
})
const secret = {
  type: 'string',
  minLength: 1,
  pattern: '^[\\x21-\\x7e]+$',
  secret: true,
} as const

const rules: OptionRules = {
  owner: 'LeadsClient',
  options: {
    accessToken: { ...secret, expected: 'the access token, a string without spaces' },
    apiKey: { ...secret, expected: 'the API key, a string without spaces' },
    // Other libraries take the token by this name.
    auth: { enum: ['query', 'header'], secret: true, expected: '"query" or "header"' },
    origin: {
      type: 'string',
      expected: 'an http or https URL without a path, for example "https://api.hubapi.com"',
    },
    concurrency: { type: 'integer', minimum: 1, maximum: 100, expected: 'an integer from 1 to 100' },
    rateLimit: {
      anyOf: [
        { enum: ['none'] },
        group({ requests: positive, interval: positive }, ['requests', 'interval']),
      ],
      expected: '{ requests, interval } (integers, 1 or more; interval in milliseconds) or "none"',
    },
    dailyShare: {
      type: 'number',
      exclusiveMinimum: 0,
      maximum: 1,
      expected: 'a number more than 0 and at most 1',
    },
    retry: {
      ...group({
        retries: { type: 'integer', minimum: 0, maximum: 100 },
        minDelay: { type: 'integer', minimum: 0, maximum: 2 ** 31 - 1 },
        maxDelay: { type: 'integer', minimum: 0, maximum: 2 ** 31 - 1 },
        budget: { type: 'number', minimum: 0, maximum: 10 },
      }),
      expected: '{ retries: 0 to 100, minDelay, maxDelay (milliseconds), budget: 0 to 10 }',
    },
    timeouts: {
      ...group({ connect: positive, headers: positive, chunk: positive, page: positive }),
      expected: '{ connect, headers, chunk, page } (milliseconds, 1 or more)',
    },
  },
  elsewhere: {
    access_token: 'it is called accessToken here',
    hapikey: 'it is called apiKey here',
    token: 'it is called accessToken here',
  },
}

/**
 * Checks a client's options and fills in the defaults.
 *
 * @throws {LeadpipeError} OPTION, naming the option, the value received (never a token) and what is expected.
 */
export function clientSettings(given?: LeadsClientOptions): ClientSettings {
  const options = checkOptions(given, rules)
  return {
    credential: credential(options),
    origin: checkOrigin(options.origin ?? clientDefaults.origin),
    concurrency: options.concurrency ?? clientDefaults.concurrency,
    rateLimit: options.rateLimit ?? clientDefaults.rateLimit,
    dailyShare: options.dailyShare ?? clientDefaults.dailyShare,
    retry: withDefaults(clientDefaults.retry, options.retry),
    timeouts: withDefaults(clientDefaults.timeouts, options.timeouts),
  }
}

/** What is undefined counts as absent, inside of an option, too. */
function withDefaults<T extends object>(defaults: T, given: { [K in keyof T]?: number | undefined } = {}) {
  const present = Object.entries(given).filter(([, value]) => value !== undefined)
  return { ...defaults, ...Object.fromEntries(present) } as Record<keyof T, number>
}

function credential({ accessToken, apiKey, auth }: LeadsClientOptions): ClientSettings['credential'] {
  if (accessToken !== undefined && apiKey !== undefined) {
    throw contradiction('apiKey', 'give accessToken or apiKey, not both')
  }
  if (apiKey !== undefined) {
    if (auth === 'header')
      throw contradiction('auth', 'an apiKey can only be sent in the URL (auth: "query")')
    return { name: 'hapikey', value: apiKey, in: 'query' }
  }
  if (accessToken !== undefined) {
    return { name: 'access_token', value: accessToken, in: auth ?? clientDefaults.auth }
  }
  throw contradiction('accessToken', 'expected the access token of the portal (or an apiKey), received none')
}

function checkOrigin(origin: string): string {
  const url = URL.canParse(origin) ? new URL(origin) : undefined
  const plain =
    url !== undefined &&
    (url.protocol === 'http:' || url.protocol === 'https:') &&
    url.pathname === '/' &&
    url.search === '' &&
    url.hash === '' &&
    url.username === '' &&
    url.password === ''
  if (plain) return url.origin
  // A URL that is refused may hold credentials: it is not repeated whole.
  const shown =
    url === undefined
      ? JSON.stringify(origin.replace(/^.*@|[?#].*$/gs, '…').slice(0, 60))
      : JSON.stringify(`${url.protocol}//${url.host}…`)
  throw contradiction('origin', `expected ${rules.options.origin?.expected}, received ${shown}`)
}

function contradiction(option: string, message: string): LeadpipeError {
  return new LeadpipeError('OPTION', `LeadsClient: ${option}: ${message}`, { context: { option } })
}
