/** The fields that startTime and stopTime may apply to, according to the API's documentation. */
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

/** The content of a request for a list, without its spelling and with defaults. */
export interface ListRequest {
  /** Lower case; "" restricts nothing. */
  readonly search: string
  /** The sort key: a value of `sortKeys`. */
  readonly sort: string
  readonly descending: boolean
  /** 0 to 100. */
  readonly max: number
  readonly offset: number
  /** The field that the two bounds apply to. */
  readonly pivot: TimePivot
  /** Undefined if the list has no lower bound. */
  readonly start: TimeBound | undefined
  readonly stop: TimeBound
  /** At most 100; undefined if the request names none. */
  readonly guids: readonly string[] | undefined
  readonly includeDeleted: boolean
  readonly optOut: boolean
  readonly eligibleForEmail: boolean
  readonly bounced: boolean
  readonly isNotImported: boolean
  readonly excludeConversionEvents: boolean
}
