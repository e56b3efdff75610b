import type { OptionContext } from '../errors/ErrorContexts.ts'
import { describe } from '../errors.ts'
import type { LeadsQuery, PageQuery } from '../lead/LeadsQuery.ts'
import { type Position, positionOf, type SeekPosition } from '../lead/Position.ts'
import { optionError } from '../options/checkOptions.ts'
import { guidsPlan } from '../paging/guidsPlan.ts'
import type { LeadPlan } from '../paging/LeadPlan.ts'
import { offsetPlan } from '../paging/offsetPlan.ts'
import { seekPlan } from '../paging/seek/seekPlan.ts'
import type { LeadsSettings } from './options.ts'

/** How a query is read. */
export type Paging = 'guids' | 'seek' | 'offset'

/**
 * How a query is read: as the options say, or as the query requires.
 *
 * @throws {LeadpipeError} OPTION when the query can't be read in that way.
 */
export function pagingOf(
  { guids, sort, dir, offset, max, timePivot, ...rest }: LeadsQuery,
  settings: LeadsSettings,
): Paging {
  const { paging, from } = settings
  if (guids !== undefined) {
    const other = { option: 'guids' }
    if (offset) throw wrong('offset', 'none', offset, other)
    if (paging !== undefined) throw wrong('paging', 'none', paging, other)
    return 'guids'
  }
  const orders = sort !== undefined || dir !== undefined || offset !== undefined || max === 1
  const chosen = paging ?? (orders || from?.paging === 'offset' ? 'offset' : 'seek')
  if (chosen !== 'seek') return 'offset'
  const seek = { option: 'paging', value: chosen }
  for (const [name, value] of Object.entries({ sort, dir, offset })) {
    if (value !== undefined) throw wrong(name, 'none', value, seek)
  }
  if (max === 1) throw wrong('max', '2 or more', max, seek)
  if (timePivot === 'firstConvertedAt' && rest.excludeConversionEvents) {
    const pivot = { option: 'timePivot', value: timePivot }
    const remedy = { owner, option: 'paging', to: "'offset', because the pivot is in the events" }
    throw wrong('excludeConversionEvents', 'none', true, pivot, remedy)
  }
  return 'seek'
}

const owner = 'leads()'
const wrong = (
  option: string,
  expected: string,
  value: unknown,
  other: NonNullable<OptionContext['with']>,
  remedy?: OptionContext['remedy'],
) => optionError({ owner, option, expected, with: other, received: describe(value), remedy })

/**
 * The plan by which a query is read.
 *
 * @param isSequential whether one page is read after the other
 */
export function planOf(
  query: LeadsQuery,
  settings: LeadsSettings,
  from: Position | undefined,
  isSequential: boolean,
): LeadPlan {
  const { guids, ...page } = query
  const { lag, onMissing } = settings
  if (guids !== undefined) {
    const isCheckpoint = from !== settings.from
    return guidsPlan({ query: page, guids, onMissing, isCheckpoint }, positionOf('guids', from))
  }
  if (pagingOf(query, settings) === 'offset') return offsetPlan(page, positionOf('offset', from))
  return seekPlan(page, { lag, isSequential, from: seekPositionOf(page, from) })
}

function seekPositionOf(query: PageQuery, from: Position | undefined): SeekPosition | undefined {
  const position = positionOf('seek', from)
  const { timePivot = 'insertedAt' } = query
  if (position === undefined || position.timePivot === timePivot) return position
  throw wrong('from', 'a position of the same timePivot', from, { option: 'timePivot', value: timePivot })
}

/** The time window that a position belongs to; undefined unless the list is read by seeking. */
export function windowOf(
  position: Position,
): Pick<SeekPosition, 'timePivot' | 'startTime' | 'stopTime'> | undefined {
  if (position.paging !== 'seek') return undefined
  const { timePivot, startTime, stopTime } = position
  return {
    timePivot,
    ...(startTime === undefined ? {} : { startTime }),
    ...(stopTime === undefined ? {} : { stopTime }),
  }
}
