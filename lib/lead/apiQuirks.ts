/*
 * The Leads API's documentation contradicts itself, its own example, and what portals send. Where it does,
 * leadpipe follows the wire:
 *
 * - "firstUrl" in the list of editable fields is `firstURL` in the example and on the wire.
 * - "LeadNurturingActive" in the list of read-only fields is `leadNurturingActive`.
 * - "insteredAt" in the list of sort names is a typo of `insertedAt`. Portals that were asked with the typo
 *   have answered it, so the query accepts it and sends it as it is given.
 * - "?eligibleForEmail=X" and five more are written with a question mark; like all others they are joined
 *   by "&".
 * - "false" never means "the others": `bounced=false` includes all leads, like leaving the parameter out.
 * - startTime is "after this time", stopTime is not said; clients have seen startTime included as well.
 * - `firstConvertedAt` is a time pivot and no field of a lead: it is the convertDate of the first event. To
 *   sort by it, the name is `fce.convertDate` (and `lce.convertDate` for the last event).
 * - The answer has no total and no "has more": a list ends at an empty page. A short page may only be a
 *   server that caps `max` lower than was asked.
 */

/** The most leads that one request may ask for, by the documentation. A server caps more silently. */
export const maxPageSize = 100

/** The most guids that one request may hold, by the documentation; more is answered with 413. */
export const maxGuids = 100

/** The fields that startTime and stopTime may apply to, by the documentation. */
export const timePivots = [
  'insertedAt',
  'firstConvertedAt',
  'lastConvertedAt',
  'lastModifiedAt',
  'closedAt',
] as const

/** One of {@link timePivots}. */
export type TimePivot = (typeof timePivots)[number]

/** The path of the list of leads. */
export const leadsPath = '/leads/v1/list'
