import { originOf, type Place, type Rejected } from './Rejected.ts'

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

/** What of an error of ajv's is kept: not the value that it is about. */
interface FoundError {
  instancePath: string
  keyword: string
  message?: string | undefined
}

const now = () => new Date().toISOString()

/** A lead that does not match the schema, as it is set aside. */
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

/** An element that is no lead, as it is set aside. */
export function quarantinedElement({ raw, problem, message, place }: Rejected): Quarantined {
  const { page, element, byte } = place
  return {
    raw,
    code: 'DECODE',
    errors: [{ path: '', rule: problem, message }],
    page,
    position: { element, byte },
    time: now(),
  }
}
