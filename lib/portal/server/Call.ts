import type { Answer } from './Answer.ts'
import type { Served } from './Served.ts'

/** A request as its handler sees it. */
export interface Call {
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly query: URLSearchParams
  /** The last part of the path, decoded, if the route has a guid; "" for other routes. */
  readonly guid: string
  readonly contentType: string | undefined
  /** Empty before it is read, and for a method without a body. */
  readonly body: Buffer
}

/**
 * Answers a call that carries the token. It is synchronous, so that its reads and writes belong to the same moment.
 *
 * @param now milliseconds since 1970, by the portal's clock
 */
export type Handler = (call: Call, served: Served, now: number) => Answer

/** A call and its handler. */
export interface Routed {
  readonly call: Call
  readonly handler: Handler
  /** Whether it requests a page of leads. */
  readonly isList: boolean
}
