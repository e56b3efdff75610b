import { PortalError } from '../PortalError.ts'
import { isObject } from './isObject.ts'

/**
 * A user's own lead as JSON would carry it: a Date is its text, what JSON leaves out is gone.
 *
 * @throws PortalError LEADS for what is no object and what has no JSON.
 */
export function plainLead(lead: unknown, number: number): Record<string, unknown> {
  let plain: unknown
  try {
    plain = JSON.parse(JSON.stringify(lead) ?? 'null')
  } catch (cause) {
    throw new PortalError('LEADS', `Lead ${number} of those given has no JSON: ${messageOf(cause)}`, {
      cause,
    })
  }
  if (isObject(plain)) return plain
  throw new PortalError('LEADS', `Lead ${number} of those given is no lead: expected an object`)
}

/** What an error says, whatever was thrown. */
export function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
