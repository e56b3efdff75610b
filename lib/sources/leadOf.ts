import type { DecodedElement } from '../decode/ElementDecoder.ts'
import { LeadpipeError } from '../errors.ts'
import type { Lead } from '../lead/Lead.ts'
import { Rejected, setOrigin } from '../stage/Rejected.ts'

/** A lead is an object. Anything else is rejected: a null would end a Node stream silently. */
export function leadOf({ value, raw, location }: DecodedElement): Lead | Rejected {
  if (value instanceof Rejected) return value
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Lead
  const kind = value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`
  const message = `it is ${kind}, expected a lead (an object)`
  return new Rejected('not a lead', message, raw ?? JSON.stringify(value), location)
}

/** Like `leadOf`, but the lead keeps its raw text and its location in the body. */
export function leadWithOrigin(element: DecodedElement): Lead | Rejected {
  const lead = leadOf(element)
  if (!(lead instanceof Rejected)) {
    setOrigin(lead, { ...element.location, raw: element.raw ?? JSON.stringify(lead) })
  }
  return lead
}

/** The DECODE error for a rejected element that no stage accepts. */
export function rejectedError({ message, location }: Rejected): LeadpipeError {
  const { page, element, byte } = location
  return new LeadpipeError('DECODE', `page ${page}, byte ${byte}: element ${element}: ${message}`, {
    context: { page, element, offset: byte, problem: 'malformed' },
  })
}
