import { maskUrl } from '../http/redact.ts'
import {
  type RateLimit,
  type TimeoutOptions,
  type TransportOptions,
  type TransportSettings,
  timeoutRule,
  timeoutRules,
  transportRules,
  transportSettings,
} from '../http/transportOptions.ts'
import { checkOptions, type OptionRules, optionError } from '../options/checkOptions.ts'
import { choice, group, number } from '../options/optionRule.ts'

/** How a {@link LeadsClient} is set up. */
export interface LeadsClientOptions extends TransportOptions {
  /** The OAuth access token of the portal. Either this or `apiKey` is required. */
  accessToken?: string | undefined
  /** The older API key, sent as `hapikey`. Either this or `accessToken` is required. */
  apiKey?: string | undefined
  /**
   * Where the access token goes: 'query' sends it in the URL, as the API documents it; 'header' sends
   * `Authorization: Bearer`, which keeps it out of the logs of proxies. An API key goes in the URL only.
   * Default: 'query'.
   */
  auth?: 'query' | 'header' | undefined
  /** Scheme, host and port of the API. Default: 'https://api.hubapi.com'. */
  origin?: string | undefined
  /**
   * At most so many attempts may start within any time of that length (a sliding window); 'none' lifts this
   * limit of the client's own. The portal's limits are kept beside it, whatever it says: as far as the headers
   * X-HubSpot-RateLimit-Remaining, -Interval-Milliseconds and -Secondly-Remaining of its answers tell, which
   * count the requests of others too, no request is sent that would get a 429. Default: 100 requests in 10
   * seconds, HubSpot's burst limit.
   */
  rateLimit?: RateLimit | 'none' | undefined
  /**
   * At most this share of the portal's daily limit may be used, by this client and everyone else together, as
   * far as the headers X-HubSpot-RateLimit-Daily and -Daily-Remaining tell: more than 0, at most 1. When it is
   * used up, requests are not sent and fail with DAILY_LIMIT, which leaves the rest of the day to others; what
   * is under way is still used. Ten minutes after the portal's last word one request is sent to ask anew.
   * Default: 1.
   */
  dailyShare?: number | undefined
  /** How long to wait for what. */
  timeouts?: TimeoutOptions | undefined
}

/** The options with every default filled in. */
export interface ClientSettings extends TransportSettings {
  credential: { name: 'access_token' | 'hapikey'; value: string; in: 'query' | 'header' }
  origin: string
  dailyShare: number
}

const clientDefaults = {
  auth: 'query',
  origin: 'https://api.hubapi.com',
  rateLimit: { requests: 100, interval: 10_000 },
  dailyShare: 1,
} as const satisfies LeadsClientOptions

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
    auth: { ...choice('query', 'header'), secret: true },
    origin: {
      type: 'string',
      expected: 'an http or https URL without a path, for example "https://api.hubapi.com"',
    },
    ...transportRules,
    dailyShare: number({ above: 0, max: 1 }),
    timeouts: group({ ...timeoutRules, page: timeoutRule }),
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
    dailyShare: options.dailyShare ?? clientDefaults.dailyShare,
    ...transportSettings(rules.owner, options, clientDefaults),
  }
}

function credential({ accessToken, apiKey, auth }: LeadsClientOptions): ClientSettings['credential'] {
  if (accessToken !== undefined && apiKey !== undefined) {
    throw optionError('LeadsClient: apiKey', 'give accessToken or apiKey, not both')
  }
  if (apiKey !== undefined) {
    if (auth === 'header')
      throw optionError('LeadsClient: auth', 'an apiKey can only be sent in the URL (auth: "query")')
    return { name: 'hapikey', value: apiKey, in: 'query' }
  }
  if (accessToken !== undefined) {
    return { name: 'access_token', value: accessToken, in: auth ?? clientDefaults.auth }
  }
  throw optionError(
    'LeadsClient: accessToken',
    'expected the access token of the portal (or an apiKey), received none',
  )
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
  const shown = url === undefined ? maskUrl(origin) : JSON.stringify(`${url.protocol}//${url.host}…`)
  throw optionError('LeadsClient: origin', `expected ${rules.options.origin?.expected}`, shown, true)
}
