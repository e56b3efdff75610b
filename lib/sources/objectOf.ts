import type { DecodedElement } from '../decode/ElementDecoder.ts'
import { LeadpipeError } from '../errors.ts'
import { Rejected, setOrigin } from '../stage/Rejected.ts'

/**
 * How the elements of a page become records: those that are objects do. Anything else is rejected: a null would end a
 * Node stream silently.
 *
 * @param kind for messages, such as "a form"
 * @param keepsOrigin whether records keep their raw text and their location in the body
 */
export function objectOf<T extends object>(
  kind: string,
  keepsOrigin: boolean,
): (element: DecodedElement) => T | Rejected {
  return ({ value, raw, location }) => {
    if (value instanceof Rejected) return value
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      const received = value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`
      const message = `it is ${received}, expected ${kind} (an object)`
      return new Rejected('not a lead', message, raw ?? JSON.stringify(value), location)
    }
    if (keepsOrigin) setOrigin(value, { ...location, raw: raw ?? JSON.stringify(value) })
    return value as T
  }
}

/** The DECODE error for a rejected element that no stage accepts. */
export function rejectedError({ message, location }: Rejected): LeadpipeError {
  const { page, element, byte } = location
  return new LeadpipeError('DECODE', `page ${page}, byte ${byte}: element ${element}: ${message}`, {
    context: { page, element, offset: byte, problem: 'malformed' },
  })
}
