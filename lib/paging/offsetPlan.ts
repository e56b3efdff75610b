import { maxPageSize } from '../lead/apiQuirks.ts'
import type { PageQuery } from '../lead/LeadsQuery.ts'
import type { OffsetPosition } from '../lead/Position.ts'
import type { LeadPlan } from './LeadPlan.ts'
import { OffsetPage } from './OffsetPage.ts'

/**
 * Pages by offset, each of them a stretch. Advances by the number of elements received, since a server may cap
 * `max` silently, and ends at an empty page, since a short one may come from such a cap.
 *
 * Offsets shift when leads are inserted or deleted meanwhile: a lead may then come twice or not at all.
 *
 * @param from where to go on; default: at the query's offset
 */
export function offsetPlan(query: PageQuery, from?: OffsetPosition): LeadPlan<number> {
  const max = query.max ?? maxPageSize
  const start = from?.offset ?? query.offset ?? 0
  /** How many elements a page is thought to bring: fewer than `max` where the server caps it. */
  let stride = max
  let offset = start
  let last: OffsetPage | undefined
  let ended = false
  /** Pages that were given and are not done. */
  let open = 0
  /** Whether the last page was short: what the next one brings is then waited for. */
  let short = false

  return {
    start,
    next(wanted) {
      if (ended || wanted <= 0 || (short && open > 0)) return undefined
      open += 1
      const page = new OffsetPage({ ...query, max: Math.min(max, wanted) }, offset, last)
      const expected = Math.min(stride, wanted)
      offset += expected
      last = page
      return { pager: page, expected, place: page.offset }
    },
    read({ pager, expected }) {
      short = (pager as OffsetPage).received < expected
    },
    done({ pager, expected }) {
      const page = pager as OffsetPage
      page.done()
      open -= 1
      ended = page.empty
      if (page.received === expected) return 'go on'
      open = 0
      stride = Math.min(max, Math.max(1, page.received))
      offset = page.offset + page.received
      last = page
      return 'discard'
    },
    counting: () => query,
    position: cursor => ({ paging: 'offset', offset: cursor }),
  }
}
