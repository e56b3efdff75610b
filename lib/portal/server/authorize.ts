import type { IncomingHttpHeaders } from 'node:http'
import type { Tokens } from '../oauth/Tokens.ts'
import { Refusal } from '../Refusal.ts'

/**
 * Accepts a request that carries a valid token: as `access_token=` (documented), as `hapikey=` (the older API key) or
 * as `Authorization: Bearer`, which real clients send. If there are several, one correct token is enough.
 *
 * @returns the token
 * @throws Refusal 401, which says so if the token has expired
 */
export function authorize(
  query: URLSearchParams,
  headers: IncomingHttpHeaders,
  tokens: Tokens,
  now: number,
): string {
  const bearer = /^Bearer +(.*)$/i.exec(headers.authorization ?? '')?.[1]
  const given = [query.get('access_token'), query.get('hapikey'), bearer].filter(token => token != null)
  const valid = given.find(token => tokens.secondsOf(token, now) !== undefined)
  if (valid !== undefined) return valid
  for (const token of given) {
    const expired = tokens.refusalOf(token, now)
    if (expired !== undefined) throw expired
  }
  const message =
    given.length === 0
      ? 'No credentials: expected access_token=, hapikey= or the header Authorization: Bearer'
      : 'The credentials are not those of this portal'
  throw new Refusal(401, message, { fields: { category: 'INVALID_AUTHENTICATION' } })
}
