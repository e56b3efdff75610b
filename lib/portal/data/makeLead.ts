import type { Lead } from '../../lead/Lead.ts'
import type { Arrival } from './arrivals.ts'
import { makeAnalytics, makeCrmDetails } from './makeDetails.ts'
import { makeEvents } from './makeEvents.ts'
import { makeHistory } from './makeHistory.ts'
import { makeOrigin } from './makeOrigin.ts'
import { makePerson } from './makePerson.ts'
import { portalId } from './portalId.ts'
import type { Random } from './Random.ts'

/** Makes up one lead: every field of the documentation's example, in its order. */
export function makeLead(random: Random, arrival: Arrival): Lead {
  const { insertedAt, imported } = arrival
  const guid = random.hex(32)
  const leadId = 830_918 + arrival.index
  const userToken = imported ? '' : random.hex(32)
  const person = makePerson(random)
  const origin = makeOrigin(random)
  const events = makeEvents(random, { guid, insertedAt, imported, person })
  const history = makeHistory(random, arrival, events)
  const emailBounced = random.percent(5)
  const emailOptOut = random.percent(7)
  const nurturing = random.percent(25)
  const rawScore = random.integer(0, 1_500)
  const lead: Lead = {
    address: person.address,
    analyticsDetails: makeAnalytics(random, { guid, leadId, userToken, insertedAt }),
    city: person.city,
    closedAt: history.closedAt,
    company: person.company,
    country: person.country,
    crmDetails: makeCrmDetails(random, guid),
    customerStatusModifiedAt: history.customerStatusModifiedAt,
    eligibleForEmail: person.email !== '' && !emailBounced && !emailOptOut,
    email: person.email,
    emailBounced,
    emailOptOut,
    fax: person.fax,
    firstCampaign: origin.firstCampaign,
    firstName: person.firstName,
    firstRefDomain: origin.firstRefDomain,
    firstReferrer: origin.firstReferrer,
    firstURL: imported ? '' : 'http://demo.example/',
    firstVisitSetAt: imported ? 0 : insertedAt,
    foundVia: origin.foundVia,
    fullFoundViaString: origin.fullFoundViaString,
    guid,
    id: guid,
    imported,
    industry: person.industry,
    insertedAt,
    ipAddress: imported ? '' : makeIpAddress(random),
    isCustomer: history.closedAt > 0,
    isDeleted: random.percent(4),
    jobTitle: person.jobTitle,
    lastConvertedAt: history.lastConvertedAt,
    lastModifiedAt: history.lastModifiedAt,
    lastName: person.lastName,
    leadConversionEvents: events,
    leadCustomerStatusModifyLogs: [...history.statusLogs],
    leadDeleteLogs: [],
    leadId,
    leadJsonLink: `https://api.hubapi.com/leads/v1/lead/${guid}`,
    leadLink: `https://app.hubspot.com/leads/app/lead?portalId=${portalId}&guid=${guid}`,
    leadNurturingActive: nurturing,
    leadNurturingCampaignId: nurturing ? random.integer(70_000, 79_999) : -1,
    message: person.message,
    numConversionEvents: events.length,
    phone: person.phone,
    portalId,
    publicLeadLink: `https://app.hubspot.com/leads/public/leadDetails?portalId=${portalId}&leadToken=${random.hex(24)}%3D%3D`,
    rawScore,
    salutation: person.salutation,
    score: random.percent(10) ? 100 : random.integer(0, 9_999) / 100,
    sourceId: origin.sourceId,
    sourceValue1: origin.sourceValue1,
    sourceValue2: origin.sourceValue2,
    sourceValueModifiedAt: random.percent(30) ? history.lastModifiedAt : 0,
    state: person.state,
    twitterHandle: person.twitterHandle,
    userToken,
    website: person.website,
    zip: person.zip,
  }
  if (random.percent(10)) leaveUngraded(lead)
  return lead
}

/** Portals with grading disabled send neither score, according to the API's documentation. */
function leaveUngraded(lead: Lead): void {
  delete lead.rawScore
  delete lead.score
}

function makeIpAddress(random: Random): string {
  // 192.0.2.0/24, 198.51.100.0/24 and 203.0.113.0/24 are reserved for documentation.
  return `${random.pick(['192.0.2', '198.51.100', '203.0.113'])}.${random.integer(1, 254)}`
}
