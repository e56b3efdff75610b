import { generateLeads } from '../../lib/portal/index.ts'

/** The fields of such a lead that tests read. */
export interface KillableLead {
  guid: string
  isDeleted?: boolean
  isCustomer?: unknown
}

/**
 * Generated leads with large ties; one of forty is invalid.
 *
 * @param events 'few' for zero to two conversion events per lead, 'one' for exactly one
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
