import { type ElementLocation, originOf, type Rejected } from './Rejected.ts'

/** One problem that a schema found. */
export interface SchemaProblem {
  /** JSON Pointer to the invalid value, "" for the whole element. */
  path: string
  /** The violated keyword of the schema, such as "type". */
  rule: string
  /** The message of that rule, without the person's data. */
  message: string
}

/** A line of a quarantine file: an element that was quarantined, and why. */
export interface Quarantined {
  /** The element's own text, as the portal sent it; if it was too large, its beginning. */
  raw: string
  /** INVALID_LEAD if it does not match the schema, DECODE if it is not a lead. */
  code: 'INVALID_LEAD' | 'DECODE'
  guid?: string
  errors: SchemaProblem[]
  /** Number of the page, from 1, if it is known. */
  page?: number
  /** Location in the page: index of the element, and offset of its first byte in the decoded body. */
  position?: Omit<ElementLocation, 'page'>
  /** Time at which it was quarantined, in ISO 8601. */
  time: string
}

/** The parts of an Ajv error that are kept: not the value that it is about. */
interface FoundError {
  instancePath: string
  keyword: string
  message?: string | undefined
}

const now = () => new Date().toISOString()

/** The quarantine record of a lead that does not match the schema. */
export function quarantinedLead(value: unknown, errors: readonly FoundError[]): Quarantined {
  const origin = originOf(value)
  const guid = (value as { guid?: unknown } | undefined)?.guid
  return {
    raw: origin?.raw ?? JSON.stringify(value),
    code: 'INVALID_LEAD',
    ...(typeof guid === 'string' ? { guid } : {}),
    errors: errors.map(({ instancePath, keyword, message }) => ({
      path: instancePath,
      rule: keyword,
      message: message ?? 'does not match',
    })),
    ...(origin === undefined
      ? {}
      : { page: origin.page, position: { element: origin.element, byte: origin.byte } }),
    time: now(),
  }
}

/** The quarantine record of an element that is not a lead. */
export function quarantinedElement({ raw, problem, message, location }: Rejected): Quarantined {
  const { page, element, byte } = location
  return {
    raw,
    code: 'DECODE',
    errors: [{ path: '', rule: problem, message }],
    page,
    position: { element, byte },
    time: now(),
  }
}
