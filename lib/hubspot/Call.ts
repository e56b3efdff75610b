import { describe, LeadpipeError, type LeadpipeErrorOf } from '../errors.ts'
import type { Credentials, OutgoingRequest } from '../http/exchange.ts'
import { optionError } from '../options/checkOptions.ts'
import type { AccessTokens, Token } from './AccessTokens.ts'
import { isLeadsApi, requestGroupOf } from './apiPaths.ts'
import type { Credential } from './options.ts'

/** One request to the API, without credentials. */
export interface Call {
  method: 'GET' | 'POST'
  path: string
  query: string
  json?: Uint8Array
}

/** What a call is sent with. */
export interface Sender {
  origin: string
  credential: Credential
  tokens: AccessTokens
  signal: AbortSignal
}

/** The request of a call. Each attempt gets the token of its time, and a refused token is renewed once. */
export function requestOf({ method, path, query, json }: Call, sender: Sender): OutgoingRequest {
  const { origin, credential, tokens, signal } = sender
  const { name } = credential
  const isInQuery = name === 'hapikey' || (credential.in === 'query' && isLeadsApi(path))
  const withQuery = (secret: string) => {
    const parts = [isInQuery ? `${name}=${secret}` : '', query].filter(part => part !== '')
    return parts.length === 0 ? path : `${path}?${parts.join('&')}`
  }
  const headers = {
    accept: 'application/json',
    'accept-encoding': 'gzip',
    // The answer of a cache may lack the newest leads.
    'cache-control': 'no-cache',
    'user-agent': 'leadpipe',
    ...(json === undefined ? {} : { 'content-type': 'application/json' }),
  }
  let used: Token | undefined
  let isRenewed = false
  const credentials: Credentials = {
    ready: () => tokens.ready(signal),
    authorize() {
      used = tokens.current
      if (used === undefined) return undefined
      const { value } = used
      return isInQuery
        ? { path: withQuery(encodeURIComponent(value)), headers }
        : { path: withQuery(''), headers: { ...headers, authorization: `Bearer ${value}` } }
    },
    renew(error) {
      if (isRenewed || used === undefined || !isUnauthorized(error)) return false
      isRenewed = tokens.refused(used)
      return isRenewed
    },
  }
  return {
    method,
    path,
    headers,
    ...(json === undefined ? {} : { body: json }),
    url: tokens.redact(`${origin}${withQuery('***')}`),
    signal,
    group: requestGroupOf(path),
    credentials,
  }
}

/** undici refuses a wrong target too, but only when the request is sent, and with an error that would be retried. */
export function checkTarget({ method, path, query }: Call, redact: (text: string) => string): void {
  const owner = `HubSpotClient.${method.toLowerCase()}()`
  if (!/^\/[\x21-\x7e]*$/.test(path) || /[?#]/.test(path)) {
    const expected = 'a percent-encoded path that begins with "/" and has no query'
    throw optionError({ owner, option: 'path', expected, received: describe(redact(path)) })
  }
  if (!/^[\x21-\x7e]*$/.test(query) || query.includes('#')) {
    const expected = 'a percent-encoded query string'
    throw optionError({ owner, option: 'query', expected, received: describe(redact(query)) })
  }
}

/** Whether the portal refused the token of a request. */
export const isUnauthorized = (error: unknown): error is LeadpipeErrorOf<'AUTH'> =>
  error instanceof LeadpipeError && error.code === 'AUTH' && error.context.status === 401
