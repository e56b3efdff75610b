import type { LeadsClient } from '../hubspot/LeadsClient.ts'
import type { Lead } from '../lead/Lead.ts'
import type { LeadsQuery } from '../lead/LeadsQuery.ts'
import type { SourceOpening, SourceStage } from '../stage/SourceStage.ts'
import { LeadRun } from './LeadRun.ts'
import type { LeadsSettings } from './options.ts'
import { pagingOf } from './planOf.ts'
import { noCounts } from './SourceCounts.ts'
import type { SourceState } from './SourceState.ts'
import { sourceIdentity } from './sourceIdentity.ts'

/** The leads of a portal that a query matches, as a stage whose use is a {@link LeadRun}. */
export interface LeadStage extends SourceStage<Lead> {
  open(opening: SourceOpening): LeadRun
}

/** @param query checked */
export function leadStage(client: LeadsClient, query: LeadsQuery, settings: LeadsSettings): LeadStage {
  const open = (opening: SourceOpening) => new LeadRun({ client, query, settings }, opening)
  const { guids, offset, stopTime, excludeConversionEvents } = query
  const isWhole = settings.limit === Number.POSITIVE_INFINITY && settings.from === undefined
  return {
    name: 'leads',
    explains: true,
    fingerprint: sourceIdentity(client.origin, query, settings),
    open,
    ...followed(query, pagingOf(query, settings) === 'seek', stopTime === undefined),
    ...(excludeConversionEvents ? { lacks: { leadConversionEvents: noEvents } } : {}),
    ...(guids === undefined && !offset && isWhole
      ? { count: (state, signal) => open(unwatched(state)).countMatching(signal) }
      : {}),
  }
}

const noEvents = {
  why: 'conversion events, and the query excludes them (excludeConversionEvents: true)',
  owner: 'leads() query',
  option: 'excludeConversionEvents',
}

const unwatched = (state: unknown): SourceOpening => ({
  state,
  wants: { rejected: false, origins: false },
  fail() {},
})

function followed(
  query: LeadsQuery,
  isSeek: boolean,
  isOpen: boolean,
): Pick<SourceStage, 'following' | 'noneFollows'> {
  if (!isSeek) return { noneFollows: 'whenFinished: "next" needs seek paging' }
  if (!isOpen) {
    return { noneFollows: 'whenFinished: "next" goes up to the present: expected no stopTime in the query' }
  }
  return { following: (state, overlap) => following(query, state as Partial<SourceState>, overlap) }
}

/** Where the window of time begins that follows a finished one. */
function following(
  query: LeadsQuery,
  { position, portalId, ended, limited }: Partial<SourceState>,
  overlap: number,
): SourceState {
  if (!ended || limited || position?.paging !== 'seek' || position.stopTime === undefined) {
    throw new Error(
      'the window before was not read to its end (by a limit, or an operator that wanted no more): there is no next one',
    )
  }
  const { timePivot, stopTime } = position
  const first = Number(query.startTime ?? 0)
  return {
    position: { paging: 'seek', leads: 0, timePivot, startTime: Math.max(first, stopTime - overlap) },
    counts: noCounts(),
    ...(portalId === undefined ? {} : { portalId }),
    ended: false,
  }
}
