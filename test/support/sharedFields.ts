import type { Lead } from '../../lib/index.ts'

/** Fields that leads of 2011 have, and contacts of today have no source for. */
export const withoutSource = [
  'closeProbability',
  'crmType',
  'estimatedRevenue',
  'formId',
  'ipAddress',
  'leadCustomerStatusModifyLogs',
  'leadJsonLink',
  'leadNurturingActive',
  'leadNurturingCampaignId',
  'publicLeadLink',
  'sourceValueModifiedAt',
  'userToken',
] as const

/** Those that have another meaning today, or that made-up leads leave empty. */
const different = ['leadId', 'leadLink', 'leadDeleteLogs'] as const

const analytics = ['firstVisitAt', 'lastPageViewAt', 'lastVisitAt', 'pageViewCount', 'visitCount'] as const
const crm = ['annualRevenue', 'nextActionDue', 'numEmployees', 'status'] as const

/** The part of a lead that `leads()` and `contactsAsLeads()` have in common. */
export function sharedFields(lead: Lead): object {
  const left = new Set<string>([...withoutSource, ...different])
  const own = Object.entries(lead).filter(([name]) => !left.has(name))
  const { analyticsDetails, crmDetails, leadConversionEvents = [] } = lead
  return {
    ...Object.fromEntries(own),
    analyticsDetails: pick(analyticsDetails, analytics),
    crmDetails: pick(crmDetails, crm),
    leadConversionEvents: leadConversionEvents.map(({ formId, formSubmissionValues = [], ...event }) => ({
      ...inOrder(event),
      formSubmissionValues: formSubmissionValues.map(({ formId, formGuid, id, ...value }) => inOrder(value)),
    })),
  }
}

const pick = (from: object = {}, names: readonly string[]) =>
  Object.fromEntries(names.map(name => [name, (from as Record<string, unknown>)[name]]))

const inOrder = (from: object) => pick(from, Object.keys(from).sort())
