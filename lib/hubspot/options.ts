import { describe } from '../errors.ts'
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
import { checkOptions, type OptionRules, optionError, typeOf } from '../options/checkOptions.ts'
import { choice, group, number, withDefault } from '../options/optionRule.ts'
import { type AccessTokenFunction, tokenPattern } from './AccessTokens.ts'
import { type ApiVersion, apiVersions } from './apiPaths.ts'

/** How a {@link HubSpotClient} is set up. */
export interface HubSpotClientOptions extends TransportOptions {
  /**
   * The access token of the portal: that of a private app, a service key, or an OAuth token. Or a function, async or not,
   * that returns `token` or `{ token, expiresAt }`. It is called before the first request, again before `expiresAt`
   * (a minute, or a tenth of the token's life if that is less), and once when the portal answers a request with 401, which
   * is then sent again. All requests wait for one call, and fail with AUTH if it fails. The function must not use this
   * client. Either this or `apiKey` is required.
   */
  accessToken?: string | AccessTokenFunction | undefined
  /** The older API key, sent as `hapikey`. Either this or `accessToken` is required. */
  apiKey?: string | undefined
  /**
   * How the access token is sent to the Leads API of 2011 (`/leads/v1/…`): 'query' sends it in the URL, as that API
   * documents it; 'header' sends `Authorization: Bearer`, which keeps it out of the logs of proxies. To every other path
   * it is sent as `Authorization: Bearer`. An API key can only be sent in the URL. Default: 'query'.
   */
  auth?: 'query' | 'header' | undefined
  /**
   * The version of the CRM APIs. HubSpot serves each of the dated ones for 18 months; '2026-09' is the newest that
   * leadpipe knows. The Leads API of 2011, forms and form submissions have one version only. Default: '2026-09'.
   */
  apiVersion?: ApiVersion | undefined
  /** Scheme, host and port of the API. Default: 'https://api.hubapi.com'. */
  origin?: string | undefined
  /**
   * The client's own limit: the most attempts that may start within any interval (a sliding window), for each of the
   * three groups that HubSpot counts apart: searches, reads of associations, and all other requests. 'none' removes it.
   * The portal's limits apply in any case: no request is sent that would get a 429, as far as the headers
   * X-HubSpot-RateLimit-Remaining, -Interval-Milliseconds and -Secondly-Remaining of its answers show, which count the
   * requests of other clients too; and at most 5 searches in 1.1 seconds and 100 reads of associations in 11 seconds
   * start, a tenth slower than HubSpot allows. An attempt that has started may still wait for a connection. Default: 100
   * requests in 10 seconds, HubSpot's burst limit.
   */
  rateLimit?: RateLimit | 'none' | undefined
  /**
   * The share of the portal's daily limit that this client and all others together may use, more than 0, at most 1, as
   * far as the headers X-HubSpot-RateLimit-Daily and -Daily-Remaining show. When it is used up, requests are not sent
   * and fail with DAILY_LIMIT, which leaves the rest of the limit to others; answers to requests in flight are still
   * used. Ten minutes after the portal's last report, one request is sent to get a new one. Default: 1.
   */
  dailyShare?: number | undefined
  /** How long each step of a request may take. */
  timeouts?: TimeoutOptions | undefined
}

/** The credential of a client. */
export interface Credential {
  name: 'access_token' | 'hapikey'
  value: string | AccessTokenFunction
  /** Where the Leads API of 2011 gets it. Other APIs get an access token in a header. */
  in: 'query' | 'header'
}

/** The options with every default filled in. */
export interface ClientSettings extends TransportSettings {
  credential: Credential
  apiVersion: ApiVersion
  origin: string
  dailyShare: number
}

const secret = { type: 'string', minLength: 1, pattern: tokenPattern, secret: true } as const

const owner = 'HubSpotClient'
const originRule = {
  type: 'string',
  default: 'https://api.hubapi.com',
  expected: 'an http or https URL without a path, for example "https://api.hubapi.com"',
} as const
/** What the options accept. */
export const clientRules: OptionRules = {
  owner,
  options: {
    accessToken: {
      anyOf: [secret, { instanceOf: 'Function' }],
      secret: true,
      expected: 'the access token, a string without spaces, or a function',
    },
    apiKey: { ...secret, expected: 'the API key, a string without spaces' },
    // Secret because other libraries take the token by this name.
    auth: { ...choice('query', 'header'), default: 'query', secret: true },
    apiVersion: { ...choice(...apiVersions), default: '2026-09' },
    origin: originRule,
    ...transportRules,
    rateLimit: withDefault({ requests: 100, interval: 10_000 }, transportRules.rateLimit),
    dailyShare: withDefault(1, number({ above: 0, max: 1 })),
    timeouts: group({ ...timeoutRules, page: timeoutRule }),
  },
  elsewhere: {
    access_token: 'it is called accessToken here',
    hapikey: 'it is called apiKey here',
    token: 'it is called accessToken here',
  },
}

/** The names of the client's options. */
export const clientOptions = Object.keys(clientRules.options)

/**
 * Checks a client's options and fills in the defaults.
 *
 * @throws {LeadpipeError} OPTION, with the option, the received value (never a token) and what is expected.
 */
export function clientSettings(given?: HubSpotClientOptions): ClientSettings {
  const options = checkOptions(given, clientRules) as Checked
  return {
    credential: credential(options),
    apiVersion: options.apiVersion,
    origin: checkOrigin(options.origin),
    dailyShare: options.dailyShare,
    ...transportSettings(owner, options),
  }
}

type Checked = HubSpotClientOptions & ClientSettings & { auth: 'query' | 'header' }

function credential({ accessToken, apiKey, auth }: Checked): Credential {
  if (accessToken !== undefined && apiKey !== undefined) {
    const other = { option: 'accessToken' }
    throw optionError({ owner, option: 'apiKey', expected: 'none', with: other, received: typeOf(apiKey) })
  }
  if (apiKey !== undefined) {
    if (auth === 'header') {
      const other = { option: 'apiKey' }
      throw optionError({ owner, option: 'auth', expected: '"query"', with: other, received: describe(auth) })
    }
    return { name: 'hapikey', value: apiKey, in: 'query' }
  }
  if (accessToken !== undefined) {
    return { name: 'access_token', value: accessToken, in: auth }
  }
  const expected = 'the access token of the portal, or an apiKey'
  throw optionError({ owner, option: 'accessToken', expected, received: 'none' })
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
  // A refused URL may contain credentials: the message shows only part of it.
  const isHttp = url !== undefined && /^https?:$/.test(url.protocol)
  throw optionError({
    owner,
    option: 'origin',
    expected: originRule.expected,
    received: isHttp ? JSON.stringify(`${url.protocol}//${url.host}…`) : maskUrl(origin),
    remedy: /^[\w.-]+(:\d+)?$/.test(origin) ? 'put http:// or https:// before it' : undefined,
  })
}
