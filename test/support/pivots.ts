import type { Test } from 'tap'
import type { Lead } from '../../lib/lead/Lead.ts'
import type { LeadsQuery } from '../../lib/lead/LeadsQuery.ts'
import { createPortal, generateLeads, type Portal, type PortalOptions } from '../../lib/portal/index.ts'
import { leads } from '../../lib/sources/leads.ts'
import type { LeadsOptions } from '../../lib/sources/options.ts'
import { openClient } from './openClient.ts'

const count = 700
/** The leads of the portal of {@link portalOf}. */
export const allLeads = [...generateLeads({ count })]
/** How a server may treat a time bound. */
export const bounds = ['inclusive', 'exclusive'] as const

/** The value of each time pivot of a lead; 0 if absent. */
export const pivots = {
  insertedAt: lead => lead.insertedAt ?? 0,
  lastModifiedAt: lead => lead.lastModifiedAt ?? 0,
  closedAt: lead => lead.closedAt ?? 0,
  lastConvertedAt: lead => lead.lastConvertedAt ?? 0,
  firstConvertedAt: ({ leadConversionEvents = [] }) =>
    leadConversionEvents.length === 0
      ? 0
      : Math.min(...leadConversionEvents.map(({ convertDate }) => convertDate ?? 0)),
} as const satisfies Record<NonNullable<LeadsQuery['timePivot']>, (lead: Lead) => number>
type Pivot = keyof typeof pivots
/** The names of the time pivots. */
export const pivotNames = Object.keys(pivots) as Pivot[]

/** A portal with {@link allLeads} by default, which is closed when the test ends. */
export async function portalOf(t: Test, options: PortalOptions = {}): Promise<Portal> {
  const portal = await createPortal({ leads: count, ...options })
  t.after(() => portal.close())
  return portal
}

/** All leads of a query. */
export function readLeads(
  t: Test,
  portal: Portal,
  query: LeadsQuery,
  options: LeadsOptions = {},
): Promise<Lead[]> {
  const client = openClient(t, portal.origin, { accessToken: portal.accessToken })
  return leads(client, { ...query, ...options }).toArray()
}

/** A copy of the leads in the order of (pivot, guid). */
export function sortedByPivot(list: readonly Lead[], name: Pivot): Lead[] {
  const pivot = pivots[name]
  return list.toSorted((a, b) => pivot(a) - pivot(b) || (String(a.guid) < String(b.guid) ? -1 : 1))
}

/** The guids of leads. */
export const guidsOf = (list: readonly Lead[]) => list.map(({ guid }) => guid)
