import type { Call, Handler, Route } from '../server/Call.ts'
import type { Served } from '../server/Served.ts'
import { listContactsV1 } from './listContactsV1.ts'
import { listForms } from './listForms.ts'
import { listSubmissions } from './listSubmissions.ts'

/** The routes of forms, of their submissions, and of the old list of contacts. */
export const formRoutes: readonly Route[] = [
  paged(/^\/marketing\/(?:v3\/forms|forms\/2026-09-beta)\/?$/, listForms),
  paged(/^\/form-integrations\/v1\/submissions\/forms\/([^/]+)\/?$/, listSubmissions),
  { ...paged(/^\/contacts\/v1\/lists\/all\/contacts\/all\/?$/, listContactsV1), option: 'contactsV1' },
]

function paged(path: RegExp, handler: Handler): Route {
  const isLastPage = (call: Call, served: Served, now: number): boolean => {
    try {
      const page = JSON.parse(Buffer.concat(handler(call, served, now).body).toString())
      return page.paging === undefined && page['has-more'] !== true
    } catch {
      return false
    }
  }
  return { path, handlers: { GET: handler }, isLastPage }
}
