import type { Property } from '../properties/Property.ts'

/** The operators of a filter, with the number of their values; those with any number take a list. */
export const operators = {
  EQ: 1,
  NEQ: 1,
  LT: 1,
  LTE: 1,
  GT: 1,
  GTE: 1,
  BETWEEN: 2,
  IN: 'list',
  NOT_IN: 'list',
  HAS_PROPERTY: 0,
  NOT_HAS_PROPERTY: 0,
  CONTAINS_TOKEN: 1,
  NOT_CONTAINS_TOKEN: 1,
} as const

/** One of {@link operators}. */
export type Operator = keyof typeof operators

/** A condition on one property. */
export interface Filter {
  readonly property: Property
  readonly operator: Operator
  /** As texts; checked for a time, a number and an id. */
  readonly values: readonly string[]
}

/** What a search asks for. */
export interface SearchRequest {
  /** A record matches if it matches every filter of one group; without a group, every record does. */
  readonly groups: readonly (readonly Filter[])[]
  /** Lower case; "" restricts nothing. */
  readonly query: string
  readonly sort: Property
  readonly descending: boolean
  readonly limit: number
  readonly offset: number
}
