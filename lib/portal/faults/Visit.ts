/** A request as the conditions of the fault rules see it. */
export interface Visit {
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly query: URLSearchParams
  /** The token that it carries; "" if it needs none. */
  readonly token: string
  /** Empty for a request without one. */
  readonly body: Buffer
  /** Whether it requests a page of a list, of a search or of a batch read. */
  readonly isList: boolean
  /** Whether no page follows it. Queried only when a rule needs it. */
  readonly isLastPage: () => boolean
}
