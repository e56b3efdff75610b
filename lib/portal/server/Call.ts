import type { PageFault } from '../faults/Fault.ts'
import type { RateGroup } from '../limits/RateLimiter.ts'
import type { Answer } from './Answer.ts'
import type { Served } from './Served.ts'

/** A request as its handler sees it. */
export interface Call {
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly query: URLSearchParams
  /** The variable parts of the path, decoded, in their order. */
  readonly parts: readonly string[]
  /** The first of them; "" if the route has none. */
  readonly guid: string
  /** The valid token that the request carries; "" before it is checked, and for a route that needs none. */
  readonly token: string
  readonly contentType: string | undefined
  /** Empty before it is read, and for a method without a body. */
  readonly body: Buffer
  /** What is wrong with the content of the page. */
  readonly pageFaults: readonly PageFault[]
}

/**
 * Answers a call that carries a valid token, or needs none. It is synchronous, so that its reads and writes belong to the same moment.
 *
 * @param now milliseconds since 1970, by the portal's clock
 */
export type Handler = (call: Call, served: Served, now: number) => Answer

/** Whether no page follows the one that a call requests. */
export type IsLastPage = (call: Call, served: Served, now: number) => boolean

/** A call and its handler. */
export interface Routed {
  readonly call: Call
  readonly handler: Handler
  /** Whether a page that this call requests is the last one; undefined if it requests no page. */
  readonly isLastPage: IsLastPage | undefined
  /** The limits that the call is counted in. */
  readonly group: RateGroup
  /** Whether it needs no token. */
  readonly isOpen: boolean
}

/** A path that the portal serves. */
export interface Route {
  /** The whole path; a slash at its end is ignored. Its groups are the variable parts. */
  readonly path: RegExp
  readonly handlers: Readonly<Record<string, Handler>>
  /** Whether no page follows; undefined if the path is not that of a list. */
  readonly isLastPage?: IsLastPage
  /** The limits that its requests are counted in. Default: `main`. */
  readonly group?: RateGroup
  /** Whether its requests need no token. */
  readonly isOpen?: true
  /** The option that switches it off. */
  readonly option?: 'leadsApi' | 'contactsV1'
}
