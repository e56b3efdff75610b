import type { Lead } from '../../lead/Lead.ts'
import { makeLead } from './makeLead.ts'
import type { Random } from './Random.ts'

/** Makes up a web lead that arrives now, without any later events. */
export function makeArrival(random: Random, index: number, now: number): Lead {
  const insertedAt = Math.trunc(now)
  const lead = makeLead(random, { index, insertedAt, imported: false })
  const events = lead.leadConversionEvents?.filter(({ convertDate = 0 }) => convertDate <= insertedAt) ?? []
  const { analyticsDetails = {} } = lead
  return {
    ...lead,
    analyticsDetails: {
      ...analyticsDetails,
      countsModifiedAt: insertedAt,
      lastPageViewAt: insertedAt,
      lastVisitAt: insertedAt,
    },
    closedAt: 0,
    customerStatusModifiedAt: 0,
    isCustomer: false,
    isDeleted: false,
    lastConvertedAt: events.at(-1)?.convertDate ?? 0,
    lastModifiedAt: insertedAt,
    leadConversionEvents: events,
    leadCustomerStatusModifyLogs: [],
    numConversionEvents: events.length,
    sourceValueModifiedAt: 0,
  }
}
