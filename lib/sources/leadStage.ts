import { describe } from '../errors.ts'
import { digestOf } from '../files/paths.ts'
import type { HubSpotClient } from '../hubspot/HubSpotClient.ts'
import type { Lead } from '../lead/Lead.ts'
import type { LeadsQuery } from '../lead/LeadsQuery.ts'
import type { Lack, SourceOpening, SourceStage } from '../stage/SourceStage.ts'
import { countMatching } from './countMatching.ts'
import { LeadRun, type LeadState } from './LeadRun.ts'
import type { LeadsSettings } from './options.ts'
import { type Paging, pagingOf, planOf } from './planOf.ts'
import { noCounts } from './SourceCounts.ts'

/** The leads of a portal that a query matches, as a stage that opens a {@link LeadRun}. */
export interface LeadStage extends SourceStage<Lead> {
  open(opening: SourceOpening): LeadRun
}

/** @param query checked */
export function leadStage(client: HubSpotClient, query: LeadsQuery, settings: LeadsSettings): LeadStage {
  const open = (opening: SourceOpening) => new LeadRun({ client, query, settings }, opening)
  const { excludeConversionEvents } = query
  const noneCounted = notCounted(query, settings)
  return {
    name: 'leads',
    explains: true,
    fingerprint: sourceIdentity(client.origin, query, settings),
    open,
    ...followed(query, pagingOf(query, settings)),
    ...(excludeConversionEvents ? { lacks: { leadConversionEvents: noEvents } } : {}),
    ...(noneCounted === undefined
      ? { count: (state, signal) => count(client, query, settings, state as LeadState, signal) }
      : { noneCounted }),
  }
}

const owner = 'leads()'
const noEvents = { owner, option: 'excludeConversionEvents', expected: 'false', received: 'true' }

/** The option because of which the leads can't be counted on the server; undefined if they can. */
function notCounted({ guids, offset }: LeadsQuery, { limit, from }: LeadsSettings): Lack | undefined {
  const given = {
    ...(guids === undefined ? {} : { guids: 'a list of guids' }),
    ...(offset ? { offset: String(offset) } : {}),
    ...(limit === Number.POSITIVE_INFINITY ? {} : { limit: String(limit) }),
    ...(from === undefined ? {} : { from: 'a position' }),
  }
  const [first] = Object.entries(given)
  return first && { owner, option: first[0], expected: 'none', received: first[1] }
}

/** How many leads match now, within the bounds of a state. */
async function count(
  client: HubSpotClient,
  query: LeadsQuery,
  settings: LeadsSettings,
  { position }: LeadState,
  signal?: AbortSignal,
): Promise<number> {
  const listQuery = planOf(query, settings, position, true).countQuery()
  return listQuery === undefined ? 0 : await countMatching(client, listQuery, signal)
}

function followed(query: LeadsQuery, paging: Paging): Pick<SourceStage, 'following' | 'noneFollows'> {
  const { stopTime } = query
  if (paging === 'guids') {
    return { noneFollows: { owner, option: 'guids', expected: 'none', received: 'a list of guids' } }
  }
  if (paging !== 'seek') {
    return { noneFollows: { owner, option: 'paging', expected: "'seek'", received: describe(paging) } }
  }
  if (stopTime !== undefined) {
    return { noneFollows: { owner, option: 'stopTime', expected: 'none', received: String(stopTime) } }
  }
  return { following: (state, overlap) => following(query, state as Partial<LeadState>, overlap) }
}

/** The state from which the time window after a finished one begins. */
function following(
  query: LeadsQuery,
  { position, portalId, ended, limited }: Partial<LeadState>,
  overlap: number,
): LeadState {
  if (!ended || limited || position?.paging !== 'seek' || position.stopTime === undefined) {
    throw new Error(
      'the last window was not read to its end, because of a limit or an operator that ended the run',
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
  const { limit, longNumbers } = settings
  const guidsIdentity = Array.isArray(guids) ? digestOf(JSON.stringify(guids)) : 'an iterable'
  return {
    source: 'leads',
    origin,
    paging: pagingOf({ guids, ...query }, settings),
    query,
    ...(guids === undefined ? {} : { guids: guidsIdentity }),
    ...(limit === Number.POSITIVE_INFINITY ? {} : { limit }),
    ...(longNumbers === 'round' ? {} : { longNumbers }),
  }
}
