import { PortalError } from '../PortalError.ts'
import type { LeadIterable } from '../PortalOptions.ts'
import { messageOf, plainLead } from './plainLead.ts'

/**
 * A user's own leads, as JSON would represent them.
 *
 * @throws PortalError LEADS for a value that is not an object or can not be JSON, and when the iterable itself throws.
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
