import type { AnyRecord } from '../../crm/CrmRecord.ts'
import { LeadpipeError } from '../../errors.ts'
import { type HubSpotClient, reading } from '../../hubspot/HubSpotClient.ts'
import type { Lack, SourceOpening, SourceStage } from '../../stage/SourceStage.ts'
import { CrmRun, type CrmRunOptions } from './CrmRun.ts'
import type { CrmSettings } from './options.ts'

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
    noneFollows: {
      owner: 'run()',
      option: 'source',
      expected: 'a source that is read by time',
      received: `${owner}, which reads all records`,
    },
    ...(noneCounted === undefined
      ? { count: (_state, signal) => count(client, type, signal) }
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

/** How many records search finds. It may lag behind the list by some minutes. */
async function count(client: HubSpotClient, type: string, signal?: AbortSignal): Promise<number> {
  const { paths, json } = client[reading]
  const answer = await json(paths.search(type), '', {
    body: { filterGroups: [], properties: ['hs_object_id'], limit: 1 },
    ...(signal === undefined ? {} : { signal }),
  })
  const { total } = (answer ?? {}) as { total?: unknown }
  if (Number.isSafeInteger(total)) return total as number
  const problem = `${client.origin}${paths.search(type)}: expected the number of matching records at "total"`
  throw new LeadpipeError('DECODE', problem, { context: { problem: 'malformed' } })
}

/** What must be the same for a checkpoint to fit a source: plain JSON. */
function sourceIdentity({ client, type, settings }: CrmRunOptions): Readonly<Record<string, unknown>> {
  const { properties, propertiesWithHistory, associations, archived, types, paging, limit, longNumbers } =
    settings
  return {
    source: 'crmObjects',
    ...{ origin: client.origin, type, paging, archived },
    ...(properties === undefined ? {} : { properties }),
    ...(propertiesWithHistory.length === 0 ? {} : { propertiesWithHistory }),
    ...(associations.length === 0 ? {} : { associations }),
    ...(types ? { types } : {}),
    ...(limit === Number.POSITIVE_INFINITY ? {} : { limit }),
    ...(longNumbers === 'text' ? {} : { longNumbers }),
  }
}
