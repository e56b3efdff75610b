import { type Lead, leadSchema } from '../lead/Lead.ts'
import type { ConversionEvent } from '../lead/leadParts.ts'
import { ContactValues } from './ContactValues.ts'
import { type AnyRecord, mergedIdsProperty } from './CrmRecord.ts'

/*
 * A lead of 2011 is a contact of today with its form submissions. The names of the properties are those of public
 * repositories: a portal that lacks one gives leads without the field.
 */

const texts = {
  address: 'address',
  city: 'city',
  company: 'company',
  country: 'country',
  email: 'email',
  fax: 'fax',
  firstCampaign: 'hs_analytics_first_touch_converting_campaign',
  firstName: 'firstname',
  firstReferrer: 'hs_analytics_first_referrer',
  firstURL: 'hs_analytics_first_url',
  industry: 'industry',
  jobTitle: 'jobtitle',
  lastName: 'lastname',
  message: 'message',
  phone: 'phone',
  salutation: 'salutation',
  sourceValue1: 'hs_analytics_source_data_1',
  sourceValue2: 'hs_analytics_source_data_2',
  state: 'state',
  twitterHandle: 'twitterhandle',
  website: 'website',
  zip: 'zip',
} as const

const times = {
  closedAt: 'closedate',
  firstVisitSetAt: 'hs_analytics_first_timestamp',
  insertedAt: 'createdate',
  lastConvertedAt: 'recent_conversion_date',
  lastModifiedAt: 'lastmodifieddate',
} as const

const numbers = {
  numConversionEvents: 'num_conversion_events',
  rawScore: 'hs_predictivecontactscore_v2',
  score: 'hubspotscore',
} as const

const analyticsTimes = {
  firstVisitAt: 'hs_analytics_first_visit_timestamp',
  lastPageViewAt: 'hs_analytics_last_timestamp',
  lastVisitAt: 'hs_analytics_last_visit_timestamp',
} as const

const analyticsNumbers = {
  pageViewCount: 'hs_analytics_num_page_views',
  visitCount: 'hs_analytics_num_visits',
} as const

const crmNumbers = { annualRevenue: 'annualrevenue', numEmployees: 'numemployees' } as const
const crmTexts = { status: 'hs_lead_status' } as const
const crmTimes = { nextActionDue: 'notes_next_activity_date' } as const

/** The properties that say which submissions a contact has. */
export const joinProperties = {
  emails: ['email', 'hs_additional_emails'],
  merged: mergedIdsProperty,
  submissions: 'hs_calculated_form_submissions',
  count: 'num_conversion_events',
} as const

/** Every property of a contact that a lead is made from. */
export const leadProperties: readonly string[] = [
  ...new Set<string>([
    ...[texts, times, numbers, analyticsTimes, analyticsNumbers, crmNumbers, crmTexts, crmTimes].flatMap(
      Object.values<string>,
    ),
    ...['lifecyclestage', 'hs_v2_date_entered_customer', 'hs_lifecyclestage_customer_date'],
    ...['hs_email_optout', 'hs_email_bounce', 'hs_email_hard_bounce_reason_enum'],
    ...['hs_object_source', 'hs_analytics_source'],
    ...[...joinProperties.emails, joinProperties.merged, joinProperties.submissions, joinProperties.count],
  ]),
]

/** The ways of 2011 by `hs_analytics_source`. Offline sources and newer ones have no number. */
const sources = new Map<string | undefined, readonly [sourceId: number, foundVia: string]>([
  ['ORGANIC_SEARCH', [1, 'Organic Search']],
  ['REFERRALS', [2, 'Referrals']],
  ['PAID_SEARCH', [3, 'Paid Search']],
  ['DIRECT_TRAFFIC', [4, 'Direct Traffic']],
  ['EMAIL_MARKETING', [5, 'Email Marketing']],
  ['SOCIAL_MEDIA', [6, 'Social Media']],
  ['PAID_SOCIAL', [6, 'Social Media']],
  ['OTHER_CAMPAIGNS', [7, 'Other Campaigns']],
])

/** What a lead is made from, beside the contact. */
export interface LeadFacts {
  /** The guid of the lead. */
  readonly guid: string
  /** The account; undefined if the portal does not say it. */
  readonly portalId: number | undefined
  /** Earliest first. */
  readonly events: ConversionEvent[]
}

/** The names of a lead's fields, in its order. */
const leadFields = Object.keys(leadSchema.properties)

/**
 * The lead of 2011 that a contact is today. Fields without a source are absent; of those with one, an empty property
 * gives "" for a text, 0 for a time, and no field for a number.
 *
 * @param unreadable called with the name of a property whose value is not of its type: the field is absent
 */
export function contactAsLead(
  contact: AnyRecord,
  { guid, portalId, events }: LeadFacts,
  unreadable: (property: string) => void,
): Lead {
  const { id, archived, archivedAt, url } = contact
  const read = new ContactValues(contact)
  const fields: Partial<Lead> = {
    ...{ guid, id: guid, portalId, leadConversionEvents: events },
    ...read.all('text', texts),
    ...read.all('time', times),
    ...read.all('number', numbers),
    ...origin(read),
    ...customer(read),
    ...email(read),
    ...imported(read),
    leadId: Number.isSafeInteger(Number(id)) ? Number(id) : undefined,
    leadLink: url ?? linkOf(id, portalId),
    isDeleted: archived,
    leadDeleteLogs:
      archived && archivedAt !== undefined ? [{ insertedAt: Date.parse(archivedAt) }] : undefined,
    analyticsDetails: { ...read.all('number', analyticsNumbers), ...read.all('time', analyticsTimes) },
    crmDetails: {
      ...read.all('number', crmNumbers),
      ...read.all('time', crmTimes),
      ...read.all('text', crmTexts),
    },
  }
  for (const property of read.unreadable) unreadable(property)
  const ordered: Record<string, unknown> = {}
  for (const name of leadFields) {
    const value = fields[name as keyof Lead]
    if (value !== undefined) ordered[name] = value
  }
  return ordered as Lead
}

/** How the lead found the site. */
function origin(read: ContactValues): Partial<Lead> {
  const referrer = read.get('text', texts.firstReferrer)
  const [sourceId, foundVia] = sources.get(read.get('text', 'hs_analytics_source')) ?? []
  const values = [texts.sourceValue1, texts.sourceValue2].map(property => read.get('text', property))
  return {
    ...(referrer === undefined ? {} : { firstRefDomain: domainOf(referrer) }),
    ...(sourceId === undefined || foundVia === undefined
      ? {}
      : { sourceId, foundVia, fullFoundViaString: [foundVia, ...values].filter(Boolean).join(' - ') }),
  } as Partial<Lead>
}

/** Portals rename the stages of the life cycle; without one, the rule of 2011 decides: a customer has a closedAt. */
function customer(read: ContactValues): Partial<Lead> {
  const stage = read.get('text', 'lifecyclestage')
  const closedAt = read.get('time', times.closedAt)
  const since =
    read.get('time', 'hs_v2_date_entered_customer') || read.get('time', 'hs_lifecyclestage_customer_date')
  return {
    ...(stage || closedAt !== undefined ? { isCustomer: stage ? stage === 'customer' : closedAt !== 0 } : {}),
    ...(since === undefined ? {} : { customerStatusModifiedAt: since }),
  }
}

function email(read: ContactValues): Partial<Lead> {
  const emailOptOut = read.get('flag', 'hs_email_optout')
  const bounces = read.get('number', 'hs_email_bounce') ?? 0
  const hard = read.get('text', 'hs_email_hard_bounce_reason_enum')
  const isKnown = ['hs_email_bounce', 'hs_email_hard_bounce_reason_enum'].some(name => read.has(name))
  const emailBounced = isKnown ? bounces > 0 || Boolean(hard) : undefined
  const isAll = emailOptOut !== undefined && emailBounced !== undefined
  return {
    ...(emailOptOut === undefined ? {} : { emailOptOut }),
    ...(emailBounced === undefined ? {} : { emailBounced }),
    ...(isAll
      ? { eligibleForEmail: !emailOptOut && !emailBounced && Boolean(read.get('text', 'email')) }
      : {}),
  }
}

function imported(read: ContactValues): Partial<Lead> {
  const source = read.get('text', 'hs_object_source')
  // Contacts from before that property say it here.
  const older = read.get('text', texts.sourceValue1)
  if (source === undefined && older === undefined) return {}
  return { imported: source ? source === 'IMPORT' : older === 'IMPORT' }
}

const linkOf = (id: string, portalId: number | undefined): string | undefined =>
  portalId === undefined ? undefined : `https://app.hubspot.com/contacts/${portalId}/record/0-1/${id}`

/** The host of an address, without "www."; "" for a text that is none. */
function domainOf(address: string): string {
  const url = [address, `http://${address}`].find(text => URL.canParse(text))
  return url === undefined ? '' : new URL(url).hostname.replace(/^www\./, '')
}
