import type { Answer } from './Answer.ts'
import type { Served } from './Served.ts'

/** A request as its handler sees it. */
export interface Call {
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly query: URLSearchParams
  /** The last part of the path, decoded, where the route has one; "" elsewhere. */
  readonly guid: string
  readonly contentType: string | undefined
  /** Empty until it is read, and for a method that has none. */
  readonly body: Buffer
}

/**
 * Answers a call that carries the token, at once: what it reads and what it writes is one moment's.
 *
 * @param now milliseconds since 1970, by the portal's clock
 */
export type Handler = (call: Call, served: Served, now: number) => Answer

/** A call and who answers it. */
export interface Routed {
  readonly call: Call
  readonly handler: Handler
  /** Whether it asks for a page of leads. */
  readonly isList: boolean
}
