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
    if (offset) throw optionError('leads(): offset', 'expected none together with guids', offset)
    if (paging !== undefined)
      throw optionError('leads(): paging', 'expected none together with guids', paging)
    return 'guids'
  }
  const orders = sort !== undefined || dir !== undefined || offset !== undefined || max === 1
  const chosen = paging ?? (orders || from?.paging === 'offset' ? 'offset' : 'seek')
  if (chosen !== 'seek') return 'offset'
  const refuse = (name: string, why: string, value: unknown) =>
    optionError(`leads(): ${name}`, `expected none with paging: 'seek', ${why}`, value)
  if (sort !== undefined) throw refuse('sort', 'which sorts by the time pivot', sort)
  if (dir !== undefined) throw refuse('dir', 'which sorts by the time pivot', dir)
  if (offset !== undefined) throw refuse('offset', 'which needs none', offset)
  if (max === 1) throw optionError('leads(): max', "expected 2 or more with paging: 'seek'", max)
  if (timePivot === 'firstConvertedAt' && rest.excludeConversionEvents) {
    throw optionError(
      'leads(): excludeConversionEvents',
      "expected none with timePivot: 'firstConvertedAt', whose value is in the events; or paging: 'offset'",
      true,
    )
  }
  return 'seek'
}

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
  throw optionError('leads(): from', `expected a position of timePivot '${timePivot}'`, from)
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
