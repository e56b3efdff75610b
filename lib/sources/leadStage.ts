import { digestOf } from '../files/paths.ts'
import type { HubSpotClient } from '../hubspot/HubSpotClient.ts'
import type { Lead } from '../lead/Lead.ts'
import type { LeadsQuery } from '../lead/LeadsQuery.ts'
import type { SourceOpening, SourceStage } from '../stage/SourceStage.ts'
import { countMatching } from './countMatching.ts'
import { LeadRun } from './LeadRun.ts'
import type { LeadsSettings } from './options.ts'
import { pagingOf, planOf } from './planOf.ts'
import { noCounts, type SourceState } from './SourceCounts.ts'

/** The leads of a portal that a query matches, as a stage that opens a {@link LeadRun}. */
export interface LeadStage extends SourceStage<Lead> {
  open(opening: SourceOpening): LeadRun
}

/** @param query checked */
export function leadStage(client: HubSpotClient, query: LeadsQuery, settings: LeadsSettings): LeadStage {
  const open = (opening: SourceOpening) => new LeadRun({ client, query, settings }, opening)
  const { guids, offset, stopTime, excludeConversionEvents } = query
  const isWholeList = settings.limit === Number.POSITIVE_INFINITY && settings.from === undefined
  return {
    name: 'leads',
    explains: true,
    fingerprint: sourceIdentity(client.origin, query, settings),
    open,
    ...followed(query, pagingOf(query, settings) === 'seek', stopTime === undefined),
    ...(excludeConversionEvents ? { lacks: { leadConversionEvents: noEvents } } : {}),
    ...(guids === undefined && !offset && isWholeList
      ? { count: (state, signal) => count(client, query, settings, state as SourceState, signal) }
      : {}),
  }
}

const noEvents = {
  why: 'conversion events, and the query excludes them (excludeConversionEvents: true)',
  owner: 'leads()',
  option: 'excludeConversionEvents',
}

/** How many leads match now, within the bounds of a state. */
async function count(
  client: HubSpotClient,
  query: LeadsQuery,
  settings: LeadsSettings,
  { position }: SourceState,
  signal?: AbortSignal,
): Promise<number> {
  const listQuery = planOf(query, settings, position, true).countQuery()
  return listQuery === undefined ? 0 : await countMatching(client, listQuery, signal)
}

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

/** The state from which the time window after a finished one begins. */
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
  const startTime = Number(query.startTime ?? 0)
  return {
    position: { paging: 'seek', leads: 0, timePivot, startTime: Math.max(startTime, stopTime - overlap) },
    counts: noCounts(),
    ...(portalId === undefined ? {} : { portalId }),
    ended: false,
  }
}

/**
 * What must be the same for a checkpoint to fit a source: plain JSON. Guids in an array are compared by digest.
 */
function sourceIdentity(
  origin: string,
  { guids, ...query }: LeadsQuery,
  settings: LeadsSettings,
): Readonly<Record<string, unknown>> {
  const { limit } = settings
  const guidsIdentity = Array.isArray(guids) ? digestOf(JSON.stringify(guids)) : 'an iterable'
  return {
    source: 'leads',
    origin,
    paging: pagingOf({ guids, ...query }, settings),
    query,
    ...(guids === undefined ? {} : { guids: guidsIdentity }),
    ...(limit === Number.POSITIVE_INFINITY ? {} : { limit }),
  }
}
