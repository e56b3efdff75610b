import type { Lead } from '../lead/Lead.ts'

/** One request that a portal was asked. */
export interface PortalRequest {
  readonly method: string
  /**
   * Path and query as they came, the token included: the portal is a tool for tests, its token is none of a
   * real account, and whoever tests that a client hides its token has to see where it was sent.
   */
  readonly url: string
  /** The status of the answer; 0 when none was sent (a reset, a stall, a client that went away). */
  readonly status: number
  /** When the request came, by the portal's clock: milliseconds since 1970. */
  readonly at: number
  /** The fault rules that hit it, as text, in the order of the rules. Empty for most requests. */
  readonly faults: readonly string[]
}

/** A running portal. `await using portal = await createPortal()` closes it at the end of the block. */
export interface Portal extends AsyncDisposable {
  /** Where it answers: `http://127.0.0.1:PORT`. */
  readonly origin: string
  /** The token that requests must carry. */
  readonly accessToken: string
  /** How many leads it holds at this moment, deleted ones included. */
  readonly leads: number
  /** How many of them are deleted, which lists leave out unless they ask for them. Counted at each look. */
  readonly deleted: number
  /** The last 1,000 requests, in the order of their answers, as they are at this moment: a copy. */
  readonly requests: readonly PortalRequest[]
  /** How many requests were answered (or left without an answer by a fault) since the start. */
  readonly requestCount: number
  /**
   * Adds leads behind those it holds, all or none: served as `JSON.stringify` gives them, like the option
   * `leads`. Nothing is filled in, not even `insertedAt`.
   *
   * @throws PortalError LEADS for what is no lead, and for a guid that is there already.
   */
  insert(leads: Iterable<object>): void
  /**
   * Changes one lead by the rules of `PUT /leads/v1/lead/{guid}`, and returns it as it is then:
   * `{ isDeleted: true }` deletes it, `{}` only moves its lastModifiedAt to now. The option `salesforce` holds
   * here as well.
   *
   * @throws PortalError LEADS for a guid that no lead has, and for a change that PUT refuses.
   */
  update(guid: string, changes: Readonly<Record<string, unknown>>): Lead
  /** Closes the server, all connections and the store. Any number of calls share one closing. */
  close(): Promise<void>
}
