import type { JsonLead } from '../../store/Store.ts'
import { conversionProperties } from './conversionProperties.ts'
import { type Property, recordProperties } from './Property.ts'
import { isoTime, isoTimeUnlessZero, textOf, timeOf } from './values.ts'

/*
 * A lead of 2011 is a contact of today. These are the properties whose values a lead has.
 */

type Type = Property['type']

/** A property that is one field of the lead. */
const field = (name: string, leadField: string, type: Type = 'string'): Property => ({
  name,
  type,
  of: ({ source }) => textOf(source[leadField]),
  change: value => ({ [leadField]: value ?? '' }),
})

/** A property that follows from the lead, and that nobody can change. */
const derived = (name: string, type: Type, of: (lead: JsonLead) => string | null): Property => ({
  name,
  type,
  of: ({ source }) => of(source),
})

const time = (name: string, leadField: string): Property =>
  derived(name, 'datetime', lead => isoTimeUnlessZero(lead[leadField]))

/** A property that is a field of one of the lead's objects. */
const detail = (name: string, type: Type, object: string, leadField: string): Property =>
  derived(name, type, lead => {
    const value = (lead[object] as JsonLead | null | undefined)?.[leadField]
    return type === 'datetime' ? isoTimeUnlessZero(value) : textOf(value)
  })

/** `hs_analytics_source` by `sourceId`. */
const analyticsSources = [
  null,
  'ORGANIC_SEARCH',
  'REFERRALS',
  'PAID_SEARCH',
  'DIRECT_TRAFFIC',
  'EMAIL_MARKETING',
  'SOCIAL_MEDIA',
  'OTHER_CAMPAIGNS',
]

const texts: Readonly<Record<string, string>> = {
  firstname: 'firstName',
  lastname: 'lastName',
  email: 'email',
  salutation: 'salutation',
  company: 'company',
  fax: 'fax',
  address: 'address',
  city: 'city',
  state: 'state',
  zip: 'zip',
  country: 'country',
  website: 'website',
  industry: 'industry',
  message: 'message',
  jobtitle: 'jobTitle',
  twitterhandle: 'twitterHandle',
  hs_analytics_first_url: 'firstURL',
  hs_analytics_first_referrer: 'firstReferrer',
  hs_analytics_source_data_1: 'sourceValue1',
  hs_analytics_source_data_2: 'sourceValue2',
  hs_analytics_first_touch_converting_campaign: 'firstCampaign',
}

/** All properties of contacts that HubSpot defines and that a lead has a value for. */
export const contactProperties: readonly Property[] = [
  ...recordProperties(['createdate'], 'lastmodifieddate'),
  // Real portals accept it in searches of contacts, and find other contacts than those that changed at that time.
  { name: 'hs_lastmodifieddate', type: 'datetime', of: ({ createdAt }) => isoTime(createdAt) },
  ...Object.entries(texts).map(([name, leadField]) => field(name, leadField)),
  field('phone', 'phone', 'phone_number'),
  {
    ...time('closedate', 'closedAt'),
    change: value => ({ closedAt: value === null ? '' : (timeOf(value) ?? value) }),
  },
  derived('lifecyclestage', 'enumeration', lead => (lead.isCustomer === true ? 'customer' : 'lead')),
  time('hs_v2_date_entered_customer', 'customerStatusModifiedAt'),
  time('hs_lifecyclestage_customer_date', 'customerStatusModifiedAt'),
  {
    ...derived('hs_email_optout', 'bool', lead => String(lead.emailOptOut === true)),
    change: value => ({ emailOptOut: value === 'true' }),
  },
  derived('hs_email_bounce', 'number', lead => (lead.emailBounced === true ? '1' : null)),
  derived('hs_object_source', 'enumeration', lead => (lead.imported === true ? 'IMPORT' : 'FORM')),
  time('hs_analytics_first_timestamp', 'firstVisitSetAt'),
  derived('hs_analytics_source', 'enumeration', lead => analyticsSources[Number(lead.sourceId)] ?? null),
  derived('hubspotscore', 'number', lead => textOf(lead.score)),
  derived('hs_predictivecontactscore_v2', 'number', lead => textOf(lead.rawScore)),
  detail('hs_analytics_num_page_views', 'number', 'analyticsDetails', 'pageViewCount'),
  detail('hs_analytics_num_visits', 'number', 'analyticsDetails', 'visitCount'),
  detail('hs_analytics_first_visit_timestamp', 'datetime', 'analyticsDetails', 'firstVisitAt'),
  detail('hs_analytics_last_visit_timestamp', 'datetime', 'analyticsDetails', 'lastVisitAt'),
  detail('hs_analytics_last_timestamp', 'datetime', 'analyticsDetails', 'lastPageViewAt'),
  detail('annualrevenue', 'number', 'crmDetails', 'annualRevenue'),
  detail('numemployees', 'number', 'crmDetails', 'numEmployees'),
  detail('hs_lead_status', 'string', 'crmDetails', 'status'),
  detail('notes_next_activity_date', 'datetime', 'crmDetails', 'nextActionDue'),
  // Kept in the lead under these names, because a lead of 2011 had no such fields.
  derived('hs_merged_object_ids', 'string', lead => textOf(lead.hs_merged_object_ids)),
  derived('hs_additional_emails', 'string', lead => textOf(lead.hs_additional_emails)),
  {
    name: 'hs_all_contact_vids',
    type: 'string',
    of: ({ id, source }) => [id, textOf(source.hs_merged_object_ids)].filter(Boolean).join(';'),
  },
  ...conversionProperties,
]

/** A custom property of contacts: a field of its own in the lead. */
export function customContactProperty(name: string, type: Type): Property {
  return { ...field(name, name, type), isCustom: true }
}
