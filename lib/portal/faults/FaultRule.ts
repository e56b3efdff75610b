import type { Fault } from './Fault.ts'

/** A range of numbers, both ends included; without `to`, all numbers from `from` on. */
export interface NumberRange {
  readonly from: number
  readonly to?: number
}

/** One number, a range, or a list of numbers and ranges: `3`, `{ from: 5, to: 7 }`, `[1, { from: 10 }]`. */
export type Numbers = number | NumberRange | readonly (number | NumberRange)[]

/**
 * The requests that a rule hits: those that meet all given conditions. Only requests count that have the token, are
 * within the rate limits and name an existing resource.
 */
export interface FaultWhen {
  /** Requests of this method. As text: `GET`, `POST`, `PUT`. */
  readonly method?: 'GET' | 'POST' | 'PUT' | undefined
  /** Requests whose path begins with this text. As text: `/leads/v1/lead/`. */
  readonly path?: string | undefined
  /**
   * Requests by their number, from 1. Each rule counts the requests with its method and path. As text: `#3`,
   * `#2,5-7`, `#10-`.
   */
  readonly request?: Numbers | undefined
  /** Every Nth request, counted like `request`: 1 or more. As text: `every=4`. */
  readonly every?: number | undefined
  /**
   * Pages of a list, of a search, of batch reads, each counted by its path: 1 for the first one that is requested
   * (`first`), and one more for each with new parameters or a new body; a repeated request keeps its number. The last
   * 10,000 pages are remembered. `last` is a page that none follows: of the Leads API, one with fewer leads than
   * `max`; of the others, one without `paging`. As text: `page=2`, `page=1,4-6`, `page=first`, `page=last`.
   */
  readonly page?: Numbers | 'first' | 'last' | undefined
  /** Maximum number of hits: 1 or more. As text: `x2`. */
  readonly times?: number | undefined
  /**
   * This share of the requests that meet all other conditions, drawn from the seed: more than 0, up to 1. As text in
   * percent: `10%`, `0.5%`.
   */
  readonly share?: number | undefined
}

/** A fault, and its conditions. */
export interface FaultRule {
  /** Default: every request. As text: `*`. */
  readonly when?: FaultWhen | undefined
  readonly fault: Fault
}
