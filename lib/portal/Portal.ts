/** One request that a portal answered. */
export interface PortalRequest {
  readonly method: string
  /** Path and query as they came, the token included. */
  readonly url: string
  /** The status of the answer. */
  readonly status: number
  /** When the request came, by the portal's clock: milliseconds since 1970. */
  readonly at: number
}

/** A running portal. `await using portal = await createPortal()` closes it at the end of the block. */
export interface Portal extends AsyncDisposable {
  /** Where it answers: `http://127.0.0.1:PORT`. */
  readonly origin: string
  /** The token that requests must carry. */
  readonly accessToken: string
  /** How many leads it holds, deleted ones included. */
  readonly leads: number
  /** The last 1,000 requests, oldest first, as they are at this moment: a copy. */
  readonly requests: readonly PortalRequest[]
  /** How many requests were answered since the start. */
  readonly requestCount: number
  /** Closes the server, all connections and the store. Any number of calls share one closing. */
  close(): Promise<void>
}
