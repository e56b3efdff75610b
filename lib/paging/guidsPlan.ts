import type { GuidsPosition } from '../lead/Position.ts'
import { type GuidsCursor, GuidsPager, type GuidsRequest } from './GuidsPager.ts'
import type { LeadPlan } from './LeadPlan.ts'

/**
 * Asks for leads by guid: one stretch, page after page, because what to ask for depends on what came.
 *
 * @param from where to go on; default: at the first guid
 */
export function guidsPlan(request: GuidsRequest, from?: GuidsPosition): LeadPlan<GuidsCursor> {
  const start: GuidsCursor = {
    taken: from?.guids ?? 0,
    pending: from?.pending ?? [],
    missing: from?.missing ?? 0,
    ...(from?.digest === undefined ? {} : { digest: from.digest }),
  }
  const pager = new GuidsPager(request, start)
  let given = false
  return {
    start,
    missing: pager.missing,
    missingAt: ({ missing }) => ({ count: missing, guids: pager.missing.guids.slice(0, missing) }),
    next() {
      if (given) return undefined
      given = true
      return { pager, expected: Number.POSITIVE_INFINITY, place: 0 }
    },
    done: () => 'go on',
    counting: () => request.query,
    position: ({ taken, pending, missing, digest }) => ({
      paging: 'guids',
      guids: taken,
      pending,
      missing,
      ...(digest === undefined ? {} : { digest }),
    }),
    close: () => pager.close(),
  }
}
