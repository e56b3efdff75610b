import { PortalError } from '../PortalError.ts'
import { isObject } from './isObject.ts'

/**
 * A user's own lead as JSON would represent it: a Date becomes text, and values that JSON omits are omitted.
 *
 * @throws PortalError LEADS for a value that is not an object or can not be JSON.
 */
export function plainLead(lead: unknown, number: number): Record<string, unknown> {
  let plain: unknown
  try {
    plain = JSON.parse(JSON.stringify(lead) ?? 'null')
  } catch (cause) {
    throw new PortalError('LEADS', `Lead ${number} of those given can not be JSON: ${messageOf(cause)}`, {
      cause,
    })
  }
  if (isObject(plain)) return plain
  throw new PortalError('LEADS', `Lead ${number} of those given is not a lead: expected an object`)
}

/** The message of a thrown value of any type. */
export function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
