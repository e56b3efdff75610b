import type { HubSpotClient } from '../../lib/hubspot/HubSpotClient.ts'
import { type LeadSource, leads } from '../../lib/sources/leads.ts'
import type { LeadsOptions } from '../../lib/sources/options.ts'

/** The leads of a server that supports only max and offset. */
export function leadsByOffset(client: HubSpotClient, options?: LeadsOptions): LeadSource {
  return leads(client, { paging: 'offset', ...options })
}

/** The same without read-ahead: one page after the other. */
export function pageAfterPage(client: HubSpotClient, options?: LeadsOptions): LeadSource {
  return leadsByOffset(client, { readAheadBytes: 0, ...options })
}
