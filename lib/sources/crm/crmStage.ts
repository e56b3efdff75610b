import type { SearchPosition } from '../../crm/CrmPosition.ts'
import type { AnyRecord } from '../../crm/CrmRecord.ts'
import { LeadpipeError } from '../../errors.ts'
import { type HubSpotClient, reading } from '../../hubspot/HubSpotClient.ts'
import { firstTime } from '../../paging/crm/searchPlan.ts'
import type { Lack, SourceOpening, SourceStage } from '../../stage/SourceStage.ts'
import { noCounts } from '../SourceCounts.ts'
import { CrmRun, type CrmRunOptions, type CrmState } from './CrmRun.ts'
import type { CrmSettings } from './options.ts'
import { filtersOf, modifiedProperty } from './searchBody.ts'

/** The records of an object type, as a stage that opens a {@link CrmRun}. */
export interface CrmStage extends SourceStage<AnyRecord> {
  open(opening: SourceOpening): CrmRun
}

const owner = 'crmObjects()'

/** @param options checked */
export function crmStage(options: CrmRunOptions): CrmStage {
  const { client, type, settings } = options
  const noneCounted = notCounted(settings)
  return {
    name: 'crmObjects',
    explains: true,
    fingerprint: sourceIdentity(options),
    open: opening => new CrmRun(options, opening),
    ...followed(settings),
    ...(noneCounted === undefined
      ? { count: (state, signal) => count(client, type, state as CrmState, signal) }
      : { noneCounted }),
  }
}

/** The option because of which the records can't be counted on the server; undefined if they can. */
function notCounted({ limit, from, archived }: CrmSettings): Lack | undefined {
  // Search, which counts, does not see archived records.
  if (archived !== false) return { owner, option: 'archived', expected: 'false', received: String(archived) }
  if (limit !== Number.POSITIVE_INFINITY) {
    return { owner, option: 'limit', expected: 'none', received: String(limit) }
  }
  return from && { owner, option: 'from', expected: 'none', received: 'a position' }
}

function followed({ paging, modifiedAfter = 0, modifiedBefore }: CrmSettings) {
  if (paging !== 'search') {
    const expected = 'a source that is read by time, such as crmObjects() with modifiedAfter'
    const received = `${owner}, which reads all records`
    return { noneFollows: { owner: 'run()', option: 'source', expected, received } }
  }
  if (modifiedBefore !== undefined) {
    const received = String(modifiedBefore)
    return { noneFollows: { owner, option: 'modifiedBefore', expected: 'none', received } }
  }
  return {
    following: (state: unknown, overlap: number) => following(modifiedAfter, state as CrmState, overlap),
  }
}

/** The state from which the list after a finished one begins. */
function following(
  modifiedAfter: number,
  { position, portalId, ended, limited }: CrmState,
  overlap: number,
): CrmState {
  const { modifiedBefore } = position as SearchPosition
  if (!ended || limited || modifiedBefore === undefined) {
    throw new Error(
      'the last list was not read to its end, because of a limit or an operator that ended the run',
    )
  }
  const after = Math.max(modifiedAfter, modifiedBefore - overlap)
  return {
    position: { paging: 'search', records: 0, modifiedAfter: after },
    counts: noCounts(),
    ...(portalId === undefined ? {} : { portalId }),
    ended: false,
  }
}

/** How many records search finds. It may lag behind the list by some minutes. */
async function count(
  client: HubSpotClient,
  type: string,
  { position }: CrmState,
  signal?: AbortSignal,
): Promise<number> {
  const { paths, json } = client[reading]
  const range = position.paging === 'search' ? rangeOf(position) : undefined
  const filters = range ? filtersOf(range, modifiedProperty(type)) : { filterGroups: [] }
  const answer = await json(paths.search(type), '', {
    body: { ...filters, properties: ['hs_object_id'], limit: 1 },
    ...(signal === undefined ? {} : { signal }),
  })
  const { total } = (answer ?? {}) as { total?: unknown }
  if (Number.isSafeInteger(total)) return total as number
  const problem = `${client.origin}${paths.search(type)}: expected the number of matching records at "total"`
  throw new LeadpipeError('DECODE', problem, { context: { problem: 'malformed' } })
}

/** All that a list reads. Its end is known once anything was read. */
const rangeOf = ({ modifiedAfter, modifiedBefore = Number.POSITIVE_INFINITY }: SearchPosition) => ({
  from: firstTime(modifiedAfter),
  to: modifiedBefore,
})

/** What must be the same for a checkpoint to fit a source: plain JSON. */
function sourceIdentity({ client, type, settings }: CrmRunOptions): Readonly<Record<string, unknown>> {
  const { properties, propertiesWithHistory, associations, archived, types, paging, limit, longNumbers } =
    settings
  const { modifiedAfter, modifiedBefore } = settings
  return {
    source: 'crmObjects',
    ...{ origin: client.origin, type, paging, archived },
    ...(modifiedAfter === undefined ? {} : { modifiedAfter }),
    ...(modifiedBefore === undefined ? {} : { modifiedBefore }),
    ...(properties === undefined ? {} : { properties }),
    ...(propertiesWithHistory.length === 0 ? {} : { propertiesWithHistory }),
    ...(associations.length === 0 ? {} : { associations }),
    ...(types ? { types } : {}),
    ...(limit === Number.POSITIVE_INFINITY ? {} : { limit }),
    ...(longNumbers === 'text' ? {} : { longNumbers }),
  }
}
