import type { Fault } from './Fault.ts'

/** Numbers from one to another, both included; without `to`, all from one on. */
export interface NumberRange {
  readonly from: number
  readonly to?: number
}

/** One number, a range, or several of both: `3`, `{ from: 5, to: 7 }`, `[1, { from: 10 }]`. */
export type Numbers = number | NumberRange | readonly (number | NumberRange)[]

/**
 * Which requests a rule hits: those that meet every condition given. Only requests count that carry the
 * token, stay within the rate limits and ask for something that there is.
 */
export interface FaultWhen {
  /** Requests of this method. As text: `GET`, `PUT`. */
  readonly method?: 'GET' | 'PUT' | undefined
  /** Requests whose path begins so. As text: `/leads/v1/lead/`. */
  readonly path?: string | undefined
  /**
   * Requests by their number, from 1, counted for each rule among those of its method and path. As text:
   * `#3`, `#2,5-7`, `#10-`.
   */
  readonly request?: Numbers | undefined
  /** Every so manieth request, counted like `request`: 1 or more. As text: `every=4`. */
  readonly every?: number | undefined
  /**
   * Lists by the number of their page: 1 for the first list that is asked for (`first`), and one more for
   * each list with parameters not seen before; a repeated request keeps its number. The last 10,000 pages are
   * remembered. `last` is a page with fewer leads than `max`: the short one, and an empty one behind it. As
   * text: `page=2`, `page=1,4-6`, `page=first`, `page=last`.
   */
  readonly page?: Numbers | 'first' | 'last' | undefined
  /** At most so many times in all: 1 or more. As text: `x2`. */
  readonly times?: number | undefined
  /**
   * This share of the requests that meet all else, drawn from the seed: more than 0, up to 1. As text in
   * percent: `10%`, `0.5%`.
   */
  readonly share?: number | undefined
}

/** What goes wrong, and when. */
export interface FaultRule {
  /** Default: every request. As text: `*`. */
  readonly when?: FaultWhen | undefined
  readonly fault: Fault
}
