import type { Lead } from '../../lib/index.ts'

/** The order in which the portal lists leads by default: by the time pivot. */
export const listOrder = (a: Lead, b: Lead): number => (a.insertedAt ?? 0) - (b.insertedAt ?? 0)
