import type { Lead } from '../lead/Lead.ts'
import type { PortalCrm } from './crm/PortalCrm.ts'
import type { PortalSubmission } from './forms/PortalSubmission.ts'

/** One request that a portal received. */
export interface PortalRequest {
  readonly method: string
  /**
   * Path and query as received, including the token. The portal is a tool for tests: its token belongs to no real
   * account, and a test that checks whether a client hides its token must see where the token was sent.
   */
  readonly url: string
  /** The status of the answer; 0 if none was sent (a reset, a stall, a client that disconnected). */
  readonly status: number
  /** The time at which the request arrived, by the portal's clock: milliseconds since 1970. */
  readonly at: number
  /** The fault rules that hit the request, as text, in the order of the rules. Empty for most requests. */
  readonly faults: readonly string[]
}

/** A running portal. `await using portal = await createPortal()` closes it at the end of the block. */
export interface Portal extends AsyncDisposable {
  /** Its address: `http://127.0.0.1:PORT`. */
  readonly origin: string
  /** The token that requests must carry. */
  readonly accessToken: string
  /** The refresh token that `POST /oauth/v1/token` accepts. */
  readonly refreshToken: string
  /** Current number of leads, deleted ones included. */
  readonly leads: number
  /** Current number of deleted leads, which lists omit unless `includeDeleted` is true. Counted at each access. */
  readonly deleted: number
  /** The last 1,000 requests, in the order of their answers: a copy of the current list. */
  readonly requests: readonly PortalRequest[]
  /** Number of requests that were answered since the start, or left without an answer by a fault. */
  readonly requestCount: number
  /**
   * Adds leads after the existing ones, all or none. They are served as `JSON.stringify` writes them, like those of
   * the option `leads`. No field is filled in, not even `insertedAt`.
   *
   * @throws PortalError LEADS for a value that is not a lead, and for a guid that already exists.
   */
  insert(leads: Iterable<object>): void
  /**
   * Changes one lead by the rules of `PUT /leads/v1/lead/{guid}`, and returns the changed lead: `{ isDeleted: true
   * }` deletes it, `{}` only sets its lastModifiedAt to now. The option `salesforce` applies here too.
   *
   * @throws PortalError LEADS for a guid that does not exist, and for a change that PUT refuses.
   */
  update(guid: string, changes: Readonly<Record<string, unknown>>): Lead
  /** The same leads as contacts, and all other CRM objects: to add, change, archive and merge them. */
  readonly crm: PortalCrm
  /**
   * Adds a submission of a form. A form that no submission has named yet comes into being. With `contact`, the lead
   * with this email address gets a conversion event, so that the API of 2011 shows the same, and its lastModifiedAt is
   * set to now. Without it, the submission matches no contact.
   *
   * @throws PortalError OPTION for a wrong submission; LEADS if no lead has the address of `contact`.
   */
  submit(formGuid: string, submission?: PortalSubmission): void
  /** Closes the server, all connections and the store. Further calls wait for the same closing. */
  close(): Promise<void>
}
