import type { GuidsPosition } from '../lead/Position.ts'
import { type GuidsCursor, GuidsPager, type GuidsRequest } from './GuidsPager.ts'
import type { LeadPlan } from './LeadPlan.ts'
import { sequentialPlan } from './Pager.ts'

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
  return {
    ...sequentialPlan(pager, start),
    missing: pager.missing,
    missingAt: ({ missing }) => ({ count: missing, guids: pager.missing.guids.slice(0, missing) }),
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
