/** The fields that startTime and stopTime may apply to, by the API's documentation. */
export const timePivots = [
  'insertedAt',
  'firstConvertedAt',
  'lastConvertedAt',
  'lastModifiedAt',
  'closedAt',
] as const

/** One of {@link timePivots}. */
export type TimePivot = (typeof timePivots)[number]

/** A bound in time: milliseconds since 1970. */
export interface TimeBound {
  readonly time: number
  readonly inclusive: boolean
}

/** What a request for a list asks for, free of spelling and of defaults. */
export interface ListRequest {
  /** Lower case; "" restricts nothing. */
  readonly search: string
  /** What to sort by: a name that `sortKeys` gives. */
  readonly sort: string
  readonly descending: boolean
  /** 0 to 100. */
  readonly max: number
  readonly offset: number
  /** What the two bounds apply to. */
  readonly pivot: TimePivot
  /** Undefined when nothing restricts the list from below. */
  readonly start: TimeBound | undefined
  readonly stop: TimeBound
  /** At most 100; undefined when the request names none. */
  readonly guids: readonly string[] | undefined
  readonly includeDeleted: boolean
  readonly optOut: boolean
  readonly eligibleForEmail: boolean
  readonly bounced: boolean
  readonly isNotImported: boolean
  readonly excludeConversionEvents: boolean
}
