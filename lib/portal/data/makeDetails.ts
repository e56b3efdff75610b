import type { AnalyticsDetails, CrmDetails } from '../../lead/leadParts.ts'
import { portalId } from './portalId.ts'
import type { Random } from './Random.ts'
import { crmStatuses } from './words/trades.ts'

const day = 86_400_000

interface Visitor {
  readonly guid: string
  readonly leadId: number
  /** "" for a lead that never visited the site. */
  readonly userToken: string
  readonly insertedAt: number
}

/** Makes up the site's analytics of a lead: empty if it never visited. */
export function makeAnalytics(random: Random, visitor: Visitor): AnalyticsDetails {
  const visited = visitor.userToken !== ''
  const firstVisitAt = visited ? visitor.insertedAt - random.integer(0, 30 * day) : 0
  const lastVisitAt = visited ? visitor.insertedAt + random.integer(0, 90 * day) : 0
  const visitCount = visited ? random.integer(1, 40) : 0
  return {
    allViewsImported: visited,
    countsModifiedAt: lastVisitAt,
    firstVisitAt,
    id: visitor.guid,
    lastPageViewAt: lastVisitAt,
    lastVisitAt,
    leadGuid: visitor.guid,
    leadId: visitor.leadId,
    pageViewCount: visited ? visitCount + random.integer(0, 60) : 0,
    portalId,
    userToken: visitor.userToken,
    visitCount,
  }
}

/** Makes up the CRM data of a lead: in most cases only a status. */
export function makeCrmDetails(random: Random, guid: string): CrmDetails {
  const worked = random.percent(20)
  return {
    annualRevenue: worked ? random.integer(1, 5_000) * 10_000 : 0,
    closeProbability: worked ? random.integer(0, 100) / 100 : 1,
    crmType: 1,
    estimatedRevenue: worked ? random.integer(1, 90_000_000) / 100 : 0,
    id: guid,
    nextAction: worked ? 'Call back' : '',
    nextActionAssignedTo: worked ? random.integer(1, 60) : 0,
    nextActionAssignedToEmail: worked ? 'sales@demo.example' : '',
    nextActionDue: 0,
    numEmployees: worked ? random.integer(1, 20_000) : 0,
    status: random.pick(crmStatuses),
  }
}
