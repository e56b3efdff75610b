import { LeadpipeError } from '../errors.ts'
import type { Lead } from '../lead/Lead.ts'
import { type Place, Rejected } from '../stage/Rejected.ts'

/** A lead is an object: anything else can't be read as one, and a null would end a Node stream silently. */
export function leadOf(element: unknown, raw: string | undefined, place: Place): Lead | Rejected {
  if (element instanceof Rejected) return element
  if (typeof element === 'object' && element !== null && !Array.isArray(element)) return element as Lead
  const kind = element === null ? 'null' : Array.isArray(element) ? 'an array' : `a ${typeof element}`
  const message = `it is ${kind}, expected a lead (an object)`
  return new Rejected('not a lead', message, raw ?? JSON.stringify(element), place)
}

/** The DECODE error for an element that nobody takes. */
export function rejectedError({ message, place }: Rejected): LeadpipeError {
  const { page, element, byte } = place
  return new LeadpipeError('DECODE', `page ${page}, byte ${byte}: element ${element}: ${message}`, {
    context: { page, element, offset: byte, problem: 'malformed' },
  })
}
