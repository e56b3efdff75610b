import { type CrmPosition, crmPositionRule } from '../../crm/CrmPosition.ts'
import type { LongNumbers } from '../../decode/parseElement.ts'
import { describe } from '../../errors.ts'
import { queryRules, type Time } from '../../lead/LeadsQuery.ts'
import { checkOptions, type OptionRules, optionError } from '../../options/checkOptions.ts'
import { checkRange, milliseconds } from '../../options/milliseconds.ts'
import { choice, integer, type OptionRule, withDefault } from '../../options/optionRule.ts'
import { leadsRules, ofTheClient } from '../options.ts'

/**
 * Which records are read, with which properties, and how.
 *
 * @typeParam P the names of the properties
 * @typeParam T whether values are converted by their types
 */
export interface CrmOptions<P extends string = string, T extends boolean = boolean> {
  /**
   * The names of the properties to read, or 'all', which may be hundreds and makes records of 10 to 20 KB. A name that
   * the object type does not have is an OPTION error before a file is touched. If they do not fit into a URL (8,000
   * characters), the list is read for the ids only, and the records by their ids: two requests for each 100 records,
   * and a record is never a mix of two moments. Default: the few that HubSpot chooses for the type.
   */
  properties?: readonly P[] | 'all' | undefined
  /**
   * The names of the properties whose earlier values are read too (`propertiesWithHistory` of a record). A page then
   * holds 50 records instead of 100. Default: none.
   */
  propertiesWithHistory?: readonly string[] | undefined
  /**
   * The types of the records whose associations with each record are read (`associations` of a record), such as
   * `['companies', 'deals']`. All of them: those beyond the 100 that come with a record are read by the associations
   * API. A record with all of its associations is in memory. Default: none.
   */
  associations?: readonly string[] | undefined
  /**
   * Whether the records in the recycle bin are read: true for only these, 'both' for these after all others. A record
   * that is archived between the two passes is delivered in both, as `archived` says. Default: false.
   */
  archived?: boolean | 'both' | undefined
  /**
   * Whether values are converted by the types of the portal's property definitions: numbers and booleans, dates to
   * "2026-11-27", times to ISO 8601 in UTC with milliseconds, '' to null. A record with a value that can't be converted
   * goes to `validate`, like an element that is not a record; without one that skips or quarantines, the source ends with
   * DECODE. Earlier values stay text. Default: false, all values are text or null, as the API gives them.
   */
  types?: T | undefined
  /**
   * How the list is read. 'id' requests the records after an id, in the order of ids, several parts of the list at the
   * same time. It is verified that ids ascend. 'cursor' follows the server's own cursor, one page after the other, in
   * the server's order. A page that is requested again, after a broken body or in a restart, leaves out the records that
   * were delivered of it, by their ids. That no record is repeated or passed over otherwise is not verified: it depends on
   * the server's order. Default: 'id'.
   */
  paging?: 'id' | 'cursor' | undefined
  /**
   * Only records that were modified after this time: milliseconds since 1970, or a Date. They are found by search, and
   * come in the order of (time of the modification, id), instead of that of the ids. What search does not see is left
   * out: records that were archived or deleted, and modifications that do not count as such for HubSpot (of calculated
   * properties, for example). So read the whole list from time to time. Default: none.
   */
  modifiedAfter?: Time | undefined
  /**
   * Only records that were modified at or before this time, also found by search. Later times than the server's present
   * minus `lag` end there. Default: the server's present minus `lag`.
   */
  modifiedBefore?: Time | undefined
  /**
   * Milliseconds by which a list with `modifiedAfter` or `modifiedBefore` lags behind the server's time: HubSpot's
   * search finds records some time after their modification. Later ones are left for the next export. 0 to
   * 3,155,760,000,000 (100 years). Default: 3,600,000.
   */
  lag?: number | undefined
  /** The maximum number of records to deliver, 1 or more. Default: every record. */
  limit?: number | undefined
  /**
   * Where to resume: the `source.position` of an earlier source with the same options. Default: the beginning of the
   * list.
   */
  from?: CrmPosition | undefined
  /**
   * The maximum number of bytes of decompressed bodies that are held for pages read ahead, as for `leads()`. 0 or more;
   * 0 reads one page after the other. Default: 12 MiB.
   */
  readAheadBytes?: number | undefined
  /** How bodies are decoded, as for `leads()`. Default: 'express'. */
  decode?: 'express' | 'stream-json' | undefined
  /**
   * What becomes of a number with more digits than a double holds: in the JSON, and in text that `types` converts.
   * 'round' replaces it by the nearest double, 'text' keeps its digits, as a string. Default: 'text'.
   */
  longNumbers?: LongNumbers | undefined
  /** The maximum size of one record in bytes, 1 or more. Default: 16 MiB. */
  maxRecordBytes?: number | undefined
  /** The maximum depth of nesting inside one record, 1 to 1,000. Default: 100. */
  maxDepth?: number | undefined
  /** How many records are read ahead of the consumer, 0 or more. Default: 16, Node's own. */
  highWaterMark?: number | undefined
  /** Aborts reading at once; the stream fails with the signal's reason. */
  signal?: AbortSignal | undefined
}

type NotFilled = 'properties' | 'modifiedAfter' | 'modifiedBefore' | 'from' | 'signal'

/** The options with every default filled in. */
export interface CrmSettings extends Required<Omit<CrmOptions, NotFilled | 'paging'>> {
  readonly properties: readonly string[] | 'all' | undefined
  /** 'search' if `modifiedAfter` or `modifiedBefore` is given. */
  readonly paging: CrmPosition['paging']
  /** In milliseconds since 1970. */
  readonly modifiedAfter: number | undefined
  readonly modifiedBefore: number | undefined
  readonly from: CrmPosition | undefined
  readonly signal: AbortSignal | undefined
}

const name = { type: 'string', pattern: '^[\\x21-\\x7e]+$' } as const
const names = { type: 'array', minItems: 1, uniqueItems: true, items: name } as const
const rules = leadsRules.options as Readonly<Record<keyof CrmOptions | 'maxLeadBytes', OptionRule>>

/** What the options accept. */
export const crmRules: OptionRules = {
  owner: 'crmObjects()',
  options: {
    properties: {
      anyOf: [names, { const: 'all' }],
      expected: "names of properties (an array that is not empty and repeats none), or 'all'",
    },
    propertiesWithHistory: {
      ...names,
      default: [],
      expected: 'names of properties (an array that is not empty and repeats none)',
    },
    associations: {
      ...names,
      default: [],
      expected: 'object types (an array that is not empty and repeats none), such as ["companies"]',
    },
    archived: { enum: [true, false, 'both'], default: false, expected: "true, false or 'both'" },
    types: { type: 'boolean', default: false, expected: 'true or false' },
    paging: withDefault('id', choice('id', 'cursor')),
    modifiedAfter: queryRules.startTime,
    modifiedBefore: queryRules.stopTime,
    lag: integer({ min: 0, max: 3_155_760_000_000, unit: 'milliseconds', default: 3_600_000 }),
    limit: integer({ min: 1, unit: 'records in all', default: Number.POSITIVE_INFINITY }),
    from: crmPositionRule,
    readAheadBytes: rules.readAheadBytes,
    decode: rules.decode,
    longNumbers: withDefault('text', rules.longNumbers),
    maxRecordBytes: rules.maxLeadBytes,
    maxDepth: rules.maxDepth,
    highWaterMark: integer({ min: 0, unit: 'records', default: 16 }),
    signal: rules.signal,
  },
  elsewhere: {
    ...ofTheClient,
    readAhead: 'it is called readAheadBytes',
    maxLeadBytes: 'it is called maxRecordBytes',
    includeDeleted: 'it is called archived',
    startTime: 'it is called modifiedAfter',
    stopTime: 'it is called modifiedBefore',
  },
}

/**
 * Checks the type of the objects and the options of `crmObjects()`, and fills in every default.
 *
 * @throws {LeadpipeError} OPTION, with the option, the received value and what is expected.
 */
export function crmSettings(type: string, given?: CrmOptions): CrmSettings {
  const { owner } = crmRules
  if (typeof type !== 'string' || !/^[A-Za-z0-9_.-]+$/.test(type)) {
    const expected = 'the name or the id of an object type, such as "contacts", "deals" or "2-1234567"'
    throw optionError({ owner, option: 'type', expected, received: describe(type) })
  }
  const settings = searchSettings(checkOptions(given, crmRules), given)
  const { from, paging, archived } = settings
  if (from !== undefined && from.paging !== paging) {
    const bySearch = 'modifiedAfter or modifiedBefore'
    throw optionError(
      paging === 'search' || from.paging === 'search'
        ? {
            ...{ owner, option: 'from', received: describe(from) },
            expected: `a position of a list with${paging === 'search' ? '' : 'out'} ${bySearch}`,
          }
        : {
            ...{ owner, option: 'paging', received: describe(paging), with: { option: 'from' } },
            expected: `a position of ${JSON.stringify(from.paging)}`,
          },
    )
  }
  if (from !== undefined && ('archived' in from ? archived === false : archived === true)) {
    const expected = `a position in records that are ${archived ? '' : 'not '}archived`
    const other = { option: 'archived', value: archived }
    throw optionError({ owner, option: 'from', expected, with: other, received: describe(from) })
  }
  return settings
}

/** Decides whether the list is read by search, and checks the options that belong to that, or do not fit it. */
function searchSettings(checked: CrmOptions, given: CrmOptions = {}): CrmSettings {
  const { owner } = crmRules
  const times = Object.fromEntries(
    (['modifiedAfter', 'modifiedBefore'] as const).flatMap(name =>
      checked[name] === undefined ? [] : [[name, milliseconds(owner, name, checked[name])]],
    ),
  )
  const { modifiedAfter, modifiedBefore } = times
  checkRange(owner, ['modifiedAfter', modifiedAfter], ['modifiedBefore', modifiedBefore])
  const [bound] = Object.entries(times)
  if (bound === undefined) {
    if (given.lag === undefined) return checked as CrmSettings
    const remedy = 'it belongs to lists with modifiedAfter or modifiedBefore'
    throw optionError({ owner, option: 'lag', expected: 'none', received: String(given.lag), remedy })
  }
  const other = { option: bound[0], value: bound[1] }
  if (checked.archived) {
    const remedy = 'search does not find archived records'
    const received = describe(checked.archived)
    throw optionError({ owner, option: 'archived', expected: 'false', with: other, received, remedy })
  }
  if (given.paging !== undefined) {
    throw optionError({
      owner,
      option: 'paging',
      expected: 'none',
      with: other,
      received: describe(given.paging),
    })
  }
  return { ...(checked as CrmSettings), ...times, paging: 'search' }
}
