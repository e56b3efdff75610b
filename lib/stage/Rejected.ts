/** The problem of an element that is not a lead, or not the record that was expected. */
export type RejectedProblem =
  | 'malformed'
  | 'not a lead'
  | 'not a record'
  | 'wrong type'
  | 'too large'
  | 'too deep'

/** The location of an element. */
export interface ElementLocation {
  /** Number of the page, from 1. */
  page: number
  /** Index of the element in its page. */
  element: number
  /** Offset of its first byte in the decoded body. */
  byte: number
}

/**
 * An element of a body that is not a lead: not JSON, not an object, larger than `maxLeadBytes`, or nested deeper than
 * `maxDepth`. Under `run`, with a `validate` that skips or quarantines, it travels among the leads to that operator, and
 * other operators do not see it. In every other case it ends the source with DECODE.
 */
export class Rejected {
  readonly problem: RejectedProblem
  readonly message: string
  /** The element's own text; if it is too large, its beginning. */
  readonly raw: string
  readonly location: ElementLocation

  constructor(problem: RejectedProblem, message: string, raw: string, location: ElementLocation) {
    this.problem = problem
    this.message = message
    this.raw = raw
    this.location = location
  }
}

/** The location of a lead, and the text from which it was parsed. */
export interface Origin extends ElementLocation {
  /** The lead's own text, as the portal sent it. */
  raw: string
}

const origins = new WeakMap<object, Origin>()

/** Keeps a lead's origin for as long as the lead itself. */
export function setOrigin(lead: object, origin: Origin): void {
  origins.set(lead, origin)
}

/**
 * A lead's origin, if it was kept; undefined for a copy of the lead. A lead that was changed in place keeps its
 * original text.
 */
export function originOf(lead: unknown): Origin | undefined {
  return typeof lead === 'object' && lead !== null ? origins.get(lead) : undefined
}
