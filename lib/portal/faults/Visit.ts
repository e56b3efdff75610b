/** A request as the conditions of the fault rules see it. */
export interface Visit {
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly query: URLSearchParams
  /** Whether it requests a page of leads. */
  readonly isList: boolean
  /** Whether that page has fewer leads than its maximum. Queried only when a rule needs it. */
  readonly isLastPage: () => boolean
}
