import { originOf } from '../../stage/origins.ts'
import type { Quarantined } from '../../stage/Quarantined.ts'
import type { Rejected } from '../../stage/Rejected.ts'

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
