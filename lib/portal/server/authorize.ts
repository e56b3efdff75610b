import type { IncomingHttpHeaders } from 'node:http'
import { Refusal } from '../Refusal.ts'

/**
 * Accepts a request that carries the token: as `access_token=` (documented), as `hapikey=` (the older API key) or as
 * `Authorization: Bearer`, which real clients send. If there are several, one correct token is enough.
 *
 * @throws Refusal 401
 */
export function authorize(query: URLSearchParams, headers: IncomingHttpHeaders, accessToken: string): void {
  const bearer = /^Bearer +(.*)$/i.exec(headers.authorization ?? '')?.[1]
  const given = [query.get('access_token'), query.get('hapikey'), bearer].filter(token => token != null)
  if (given.includes(accessToken)) return
  const message =
    given.length === 0
      ? 'No credentials: expected access_token=, hapikey= or the header Authorization: Bearer'
      : 'The credentials are not those of this portal'
  throw new Refusal(401, message)
}
