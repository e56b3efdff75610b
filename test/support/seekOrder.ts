import type { Lead } from '../../lib/index.ts'

/** The order in which seek paging delivers leads: by the time pivot, then by guid. */
export const seekOrder = (a: Lead, b: Lead): number =>
  (a.insertedAt ?? 0) - (b.insertedAt ?? 0) || ((a.guid ?? '') < (b.guid ?? '') ? -1 : 1)
