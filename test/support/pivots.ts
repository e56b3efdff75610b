import type { Test } from 'tap'
import type { Lead } from '../../lib/lead/Lead.ts'
import type { LeadsQuery } from '../../lib/lead/LeadsQuery.ts'
import { createPortal, generateLeads, type Portal, type PortalOptions } from '../../lib/portal/index.ts'
import { leads } from '../../lib/sources/leads.ts'
import type { LeadsOptions } from '../../lib/sources/options.ts'
import { openClient } from './openClient.ts'

const count = 700
export const all = [...generateLeads({ count })]
export const bounds = ['inclusive', 'exclusive'] as const

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
export const names = Object.keys(pivots) as Pivot[]

export async function portalOf(t: Test, options: PortalOptions = {}): Promise<Portal> {
  const portal = await createPortal({ leads: count, ...options })
  t.after(() => portal.close())
  return portal
}

export function read(
  t: Test,
  portal: Portal,
  query: LeadsQuery,
  options: LeadsOptions = {},
): Promise<Lead[]> {
  const client = openClient(t, portal.origin, { accessToken: portal.accessToken })
  return leads(client, { ...query, ...options }).toArray()
}

/** The leads in the order of (pivot, guid). */
export function ordered(list: readonly Lead[], name: Pivot): Lead[] {
  const pivot = pivots[name]
  return list.toSorted((a, b) => pivot(a) - pivot(b) || (String(a.guid) < String(b.guid) ? -1 : 1))
}

export const guidsOf = (list: readonly Lead[]) => list.map(({ guid }) => guid)
