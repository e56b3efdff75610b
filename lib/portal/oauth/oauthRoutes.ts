import type { Route } from '../server/Call.ts'
import { getToken, introspectToken } from './describeToken.ts'
import { issueToken } from './issueToken.ts'

/** The routes of the OAuth API. Their requests carry no token. */
export const oauthRoutes: readonly Route[] = [
  { path: /^\/oauth\/(?:v[13]|2026-0[39])\/token\/?$/, handlers: { POST: issueToken }, isOpen: true },
  {
    path: /^\/oauth\/(?:v3|2026-0[39])\/token\/introspect\/?$/,
    handlers: { POST: introspectToken },
    isOpen: true,
  },
  { path: /^\/oauth\/v1\/access-tokens\/([^/]+)\/?$/, handlers: { GET: getToken }, isOpen: true },
]
