import { PortalError } from '../PortalError.ts'
import type { LeadIterable } from '../PortalOptions.ts'
import { isObject } from './isObject.ts'

/**
 * A user's own leads, as JSON would carry them: a Date is its text, what JSON leaves out is gone.
 *
 * @throws PortalError LEADS for what is no object, what has no JSON, and when the iterable itself throws.
 */
export async function* givenLeads(leads: LeadIterable): AsyncGenerator<object> {
  let count = 0
  try {
    for await (const lead of leads) yield plainLead(lead, ++count)
  } catch (cause) {
    if (cause instanceof PortalError) throw cause
    throw new PortalError('LEADS', `The given leads failed after ${count}: ${messageOf(cause)}`, { cause })
  }
}

function plainLead(lead: unknown, number: number): object {
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

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
