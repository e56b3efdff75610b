import type { Test } from 'tap'
import type { Portal, PortalOptions } from '../../lib/portal/index.ts'
import { startPortal } from '../portal/helpers/startPortal.ts'

export const hour = 3_600_000
export const now = Date.UTC(2026, 10, 27)

/** A portal that does not limit searches, at a fixed time. */
export const portalOf = (t: Test, options: PortalOptions) =>
  startPortal(t, { now: () => now, rateLimit: { search: 1_000_000 }, ...options })

/** Deals that were modified at these times, with the ids 1, 2, 3… */
export const dealsAt = (times: readonly number[]) =>
  times.map((time, index) => ({ id: index + 1, properties: modified(time) }))

/** The property with the time of a deal's modification. */
export const modified = (time: number) => ({ hs_lastmodifieddate: new Date(time).toISOString() })

/** The ids of consecutive records. */
export const ids = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, n) => String(from + n))

/** The number of searches that a portal received. */
export const searches = ({ requests }: Portal) => requests.filter(({ url }) => url.endsWith('/search')).length
