import type { Place } from './Rejected.ts'

/** One problem that a schema found. */
export interface SchemaProblem {
  /** JSON Pointer to the place, "" for the whole. */
  path: string
  /** The keyword of the schema that does not hold, such as "type". */
  rule: string
  /** What the rule says, without the person's data. */
  message: string
}

/** A line of a quarantine file: an element that was set aside, and why. */
export interface Quarantined {
  /** The element's own text, as the portal sent it; of one that was too large, its beginning. */
  raw: string
  /** INVALID_LEAD when it does not match the schema, DECODE when it is no lead at all. */
  code: 'INVALID_LEAD' | 'DECODE'
  guid?: string
  errors: SchemaProblem[]
  /** Number of the page, from 1, where it is known. */
  page?: number
  /** Where in the page: index of the element, and offset of its first byte in the decoded body. */
  position?: Omit<Place, 'page'>
  /** When it was set aside, in ISO 8601. */
  time: string
}
