import {
  type ApiVersion,
  contactsAsLeads,
  crmObjects,
  formSubmissions,
  forms,
  type HubSpotClient,
  type LeadSource,
  type LeadsQuery,
  leads,
  type RateLimit,
  type Source,
} from '../index.ts'
import { optionError } from '../options/checkOptions.ts'
import type { ExportSource } from './exportSource.ts'
import type { StageFlags } from './flags.ts'

/** The flags of `leadpipe export`; parameters of the query of 2011 have the API's own names. */
export interface ExportFlags extends StageFlags, Omit<LeadsQuery, 'guids'> {
  from?: ExportSource
  guid?: string[]
  properties?: string[] | 'all'
  associations?: string[]
  archived?: 'only' | 'both'
  types?: true
  modifiedAfter?: number
  modifiedBefore?: number
  form?: string[]
  unmatched?: string
  origin?: string
  accessToken?: string
  apiVersion?: ApiVersion
  paging?: string
  lag?: number
  whenFinished?: 'stop' | 'restart' | 'next'
  reconcile?: true
  concurrency?: number
  rate?: RateLimit
}

/**
 * Makes the source that the flags describe. Every flag fits it (`checkFlags`).
 *
 * @param note prints a note
 * @throws {LeadpipeError} OPTION
 */
export function openSource(
  client: HubSpotClient,
  { kind, type = '' }: ExportSource,
  flags: ExportFlags,
  note: (text: string) => void,
): Source<unknown> {
  const { lag, limit, longNumbers, form, startTime, stopTime } = flags
  const archived = flags.archived === 'only' ? true : flags.archived
  if (kind === 'records') return recordSource(client, type, { ...flags, archived })
  if (kind === 'forms') return forms(client, { archived, limit, longNumbers })
  if (kind === 'submissions') {
    return formSubmissions(client, {
      forms: form,
      since: startTime,
      until: stopTime,
      lag,
      limit,
      longNumbers,
    })
  }
  if (kind === 'leads') return leadSource(client, flags, note)
  return contactsAsLeads(client, { archived, unmatched: flags.unmatched, lag, limit })
}

const owner = 'crmObjects()'

function recordSource(
  client: HubSpotClient,
  type: string,
  flags: Omit<ExportFlags, 'archived'> & { archived: boolean | 'both' | undefined },
): Source<unknown> {
  const { properties, associations, archived, types, modifiedAfter, modifiedBefore, lag } = flags
  const { limit, longNumbers } = flags
  const [bound] = Object.entries({ modifiedAfter, modifiedBefore }).filter(([, time]) => time !== undefined)
  if (bound === undefined && lag !== undefined) {
    const remedy = 'it belongs to --modified-after and --modified-before'
    throw optionError({ owner, option: 'lag', expected: 'none', received: String(lag), remedy })
  }
  if (bound === undefined && flags.whenFinished === 'next') {
    const other = { owner: 'run()', option: 'checkpoint.whenFinished', value: flags.whenFinished }
    const remedy = 'without it, all records are read each time'
    throw optionError({
      owner,
      option: 'modifiedAfter',
      expected: 'a time',
      with: other,
      received: 'none',
      remedy,
    })
  }
  if (bound !== undefined && archived !== undefined) {
    const other = { option: bound[0], value: bound[1] as number }
    const [received, remedy] = [
      flags.archived === true ? 'only' : 'both',
      'search does not find archived records',
    ]
    throw optionError({ owner, option: 'archived', expected: 'none', with: other, received, remedy })
  }
  // crmObjects() refuses what leads() has.
  const paging = flags.paging as 'id' | 'cursor' | undefined
  return crmObjects(client, type, {
    ...{ properties, associations, archived, types, modifiedAfter, modifiedBefore, lag },
    ...{ paging, limit, longNumbers },
  })
}

/** The leads of 2011. */
function leadSource(
  client: HubSpotClient,
  flags: ExportFlags,
  note: (text: string) => void,
): Source<unknown> {
  const { search, sort, dir, max, offset, startTime, stopTime, timePivot, optOut, eligibleForEmail } = flags
  const { bounced, isNotImported, includeDeleted, excludeConversionEvents, guid, limit, lag } = flags
  const query = {
    ...{ search, sort, dir, max, offset, startTime, stopTime, timePivot, excludeConversionEvents },
    ...{ optOut, eligibleForEmail, bounced, isNotImported, includeDeleted },
  }
  // leads() refuses what crmObjects() has.
  const paging = flags.paging as 'seek' | 'offset' | undefined
  const { longNumbers } = flags
  const source = leads(client, { ...query, guids: guid, limit, paging, lag, longNumbers })
  if (lag !== undefined && source.position.paging !== 'seek') {
    const expected = 'none for a list that is not read by time'
    throw optionError({ owner: 'leads()', option: 'lag', expected, received: String(lag) })
  }
  const byOffset = paging === undefined ? offsetNote(source, query) : undefined
  if (byOffset !== undefined) note(byOffset)
  return source
}

/** The note for a list that is read by offset only because of the order in the query. */
function offsetNote({ position }: LeadSource, { sort, dir, offset, max }: LeadsQuery): string | undefined {
  if (position.paging !== 'offset') return undefined
  const reasons = Object.entries({ sort, dir, offset, max: max === 1 ? max : undefined })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => (name === 'max' ? `--max ${value}` : `--${name}`))
  return `read by offset because of ${reasons.join(' and ')}: leads may be missed or delivered twice if others are inserted or deleted meanwhile (give --paging offset to confirm)`
}
