import { digestOf } from '../files/paths.ts'
import type { LeadsQuery } from '../lead/LeadsQuery.ts'
import type { LeadsSettings } from './options.ts'
import { pagingOf } from './planOf.ts'

/**
 * What of a source must be the same for a checkpoint to fit: plain JSON. Guids of an array are told by digest, and no
 * limit is not told at all.
 */
export function sourceIdentity(
  origin: string,
  { guids, ...query }: LeadsQuery,
  settings: LeadsSettings,
): Readonly<Record<string, unknown>> {
  const { limit } = settings
  const given = Array.isArray(guids) ? digestOf(JSON.stringify(guids)) : 'an iterable'
  return {
    source: 'leads',
    origin,
    paging: pagingOf({ guids, ...query }, settings),
    query,
    ...(guids === undefined ? {} : { guids: given }),
    ...(limit === Number.POSITIVE_INFINITY ? {} : { limit }),
  }
}
