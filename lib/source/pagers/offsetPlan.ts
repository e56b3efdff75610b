import { LeadpipeError } from '../../errors.ts'
import { maxPageSize } from '../../model/apiQuirks.ts'
import type { PageQuery } from '../../model/LeadsQuery.ts'
import type { Pager } from './Pager.ts'

/**
 * Pages by offset. Advances by the number of elements received, since a server may cap `max` silently, and
 * ends at an empty page, since a short one may come from such a cap.
 *
 * Offsets shift when leads are inserted or deleted meanwhile: a lead may then come twice or not at all.
 */
export function offsetPager(query: PageQuery): Pager {
  const max = query.max ?? maxPageSize
  let offset = query.offset ?? 0
  let previous: { offset: number; firstGuid: string | undefined } | undefined
  let ended = false
  /** Whether no lead of the page asked for last was seen yet; elements in front of it may be no leads. */
  let fresh = true

  function refuseRepetition(guid: string | undefined): void {
    if (previous !== undefined && guid !== undefined && guid === previous.firstGuid) {
      throw new LeadpipeError(
        'PAGING',
        `paging makes no progress: the page at offset ${offset} begins with the same lead (${guid}) as the page at offset ${previous.offset}`,
        { context: { offset, previousOffset: previous.offset, guid } },
      )
    }
    previous = { offset, firstGuid: guid }
  }

  return {
    next(wanted) {
      if (ended || wanted <= 0) return undefined
      const page: PageQuery = { ...query, max: Math.min(max, wanted) }
      if (offset > 0) page.offset = offset
      fresh = true
      return page
    },
    saw(guid) {
      if (fresh) refuseRepetition(guid)
      fresh = false
    },
    finish(received) {
      ended = received === 0
      offset += received
    },
    interrupt(received) {
      offset += received
      return received > 0
    },
  }
}
