/*
 * The Leads API's documentation contradicts itself, its own example, and what portals send. In these cases leadpipe
 * does what portals do:
 *
 * - "firstUrl" in the list of editable fields is `firstURL` in the example and in what portals send.
 * - "LeadNurturingActive" in the list of read-only fields is `leadNurturingActive`.
 * - "insteredAt" in the list of sort names is a typo of `insertedAt`. Portals have answered requests with the typo, so
 *   the query accepts it and sends it as given.
 * - "?eligibleForEmail=X" and five more are written with a question mark; like all others they are joined by "&".
 * - "false" never means "the others": `bounced=false` includes all leads, like leaving the parameter out.
 * - startTime is "after this time", but clients have seen it included as well; for stopTime the documentation does not
 *   say.
 * - `firstConvertedAt` is a time pivot but not a field of a lead: it is the convertDate of the first event. To sort by
 *   it, the name is `fce.convertDate` (and `lce.convertDate` for the last event).
 * - The answer has no total and no "has more": a list ends at an empty page. A short page may come from a server that
 *   caps `max` below the requested number.
 */

/** The maximum number of leads per request, by the documentation. A server silently caps a larger number. */
export const maxPageSize = 100

/** The maximum number of guids per request, by the documentation; the API answers more with 413. */
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
