/** What is wrong with an element that is no lead. */
export type RejectedProblem = 'malformed' | 'not a lead' | 'too large'

/** Where an element stood. */
export interface Place {
  /** Number of the page, from 1. */
  page: number
  /** Index of the element in its page. */
  element: number
  /** Offset of its first byte in the decoded body. */
  byte: number
}

/**
 * An element of a body that is no lead: no JSON, no object, or larger than `maxLeadBytes`. Under `run`, with
 * a `validate` that skips or quarantines, it travels among the leads to that operator, and no other sees it;
 * else it ends the source with DECODE.
 */
export class Rejected {
  readonly problem: RejectedProblem
  readonly message: string
  /** The element's own text; of one that is too large, its beginning. */
  readonly raw: string
  readonly place: Place

  constructor(problem: RejectedProblem, message: string, raw: string, place: Place) {
    this.problem = problem
    this.message = message
    this.raw = raw
    this.place = place
  }
}

/** Where a lead came from. */
export interface Origin extends Place {
  /** The lead's own text, as the portal sent it. */
  raw: string
}

const origins = new WeakMap<object, Origin>()

/** Keeps a lead's origin for as long as the lead itself. */
export function setOrigin(lead: object, origin: Origin): void {
  origins.set(lead, origin)
}

/**
 * A lead's origin, if it was kept; undefined for an object that was made anew. A lead that was changed in place keeps the
 * text that it came with.
 */
export function originOf(lead: unknown): Origin | undefined {
  return typeof lead === 'object' && lead !== null ? origins.get(lead) : undefined
}
