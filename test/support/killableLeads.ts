import { generateLeads } from '../../lib/portal/index.ts'

/** What of such a lead tests look at. */
export interface KillableLead {
  guid: string
  isDeleted?: boolean
  isCustomer?: unknown
}

/**
 * Generated leads, large ties among them; one of forty is not valid.
 *
 * @param events how many conversion events they have: two at most, or one each
 */
export function killableLeads(count: number, events: 'few' | 'one' = 'few'): KillableLead[] {
  return Array.from(generateLeads({ count }), (lead, index) => ({
    ...lead,
    leadConversionEvents:
      events === 'few'
        ? lead.leadConversionEvents?.slice(0, index % 3)
        : [{ guid: `event of ${lead.guid}`, formName: 'the only form' }],
    ...(index % 40 === 7 ? { isCustomer: 'perhaps' } : {}),
  })) as KillableLead[]
}
