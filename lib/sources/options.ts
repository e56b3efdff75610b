import { type Position, positionRule } from '../lead/Position.ts'
import { checkOptions, type OptionRules } from '../options/checkOptions.ts'
import { choice, integer, type OptionRule } from '../options/optionRule.ts'

/** How leads are read: leadpipe's own options, as opposed to the API's parameters. */
export interface LeadsOptions {
  /** The most leads to deliver in all, 1 or more. Default: every lead that the query matches. */
  limit?: number | undefined
  /**
   * How the list is read. 'seek' requests the leads after a time, in the order of (timePivot, guid): inserts and
   * deletes meanwhile do not shift pages, and every lead that matches and keeps its pivot comes exactly once. 'offset'
   * requests the leads after a number of leads, in the server's order: it may miss leads or deliver them twice if
   * others are inserted or deleted meanwhile. Default: 'seek', but 'offset' for a query that sorts, has an offset, or
   * has pages of one lead. A query with guids is read by guid.
   */
  paging?: 'seek' | 'offset' | undefined
  /**
   * Where to resume: the `source.position` of an earlier source with the same query. With guids, the same guids must
   * be given in the same order. Default: the beginning of the list.
   */
  from?: Position | undefined
  /**
   * Milliseconds by which seek paging stays behind the server's time (the `Date` of its first answer). Leads with a
   * later pivot are left for the next export, because the server may still make more leads of that time visible.
   * 0 or more. Default: 60,000.
   */
  lag?: number | undefined
  /**
   * The most bytes of decompressed bodies that are held for pages read ahead, up to `concurrency` (of the client) pages
   * at the same time. A page is requested when there is room for a page as large as the largest so far, so a small
   * `readAhead` means fewer pages at the same time. Time windows are read at the same time if there is room for 5 pages
   * of each. If pages are larger than expected, the limit may be exceeded by one page and by the chunk (64 KiB) that
   * each connection is receiving. A page beyond that is dropped and requested again in its turn, as is a page that
   * takes more than half of `readAhead`. The chunk whose leads are being delivered is not included. Leads in memory
   * take about three times as much as in bodies. 0 reads one page after the other. Default: 16 MiB.
   */
  readAhead?: number | undefined
  /**
   * How bodies are decoded. 'express' finds the bytes of each lead and parses them with the engine's JSON.parse;
   * stream-json parses what surrounds the leads. 'stream-json' sends every byte through stream-json, which is slower.
   * Both give the same leads. Default: 'express'.
   */
  decode?: 'express' | 'stream-json' | undefined
  /**
   * What happens if a lead that was requested by guid does not come: 'report' lists it in `report.missing`, 'fail' ends
   * the stream with MISSING. Default: 'report'.
   */
  onMissing?: 'report' | 'fail' | undefined
  /** The most bytes that one lead may have, 1 or more. Default: 16 MiB. */
  maxLeadBytes?: number | undefined
  /** The deepest nesting inside one lead, 1 to 1,000. Default: 100. */
  maxDepth?: number | undefined
  /** How many leads are read ahead of the consumer, 0 or more. Default: 16, Node's own. */
  highWaterMark?: number | undefined
  /** Aborts reading at once; the stream fails with the signal's reason. */
  signal?: AbortSignal | undefined
}

/** The options with every default filled in. */
export type LeadsSettings = Required<Omit<LeadsOptions, 'signal' | 'from' | 'paging'>> &
  Pick<LeadsOptions, 'signal' | 'from' | 'paging'>

/** The defaults of the options. */
export const leadsDefaults = {
  limit: Number.POSITIVE_INFINITY,
  lag: 60_000,
  readAhead: 16 * 1024 * 1024,
  decode: 'express',
  onMissing: 'report',
  maxLeadBytes: 16 * 1024 * 1024,
  maxDepth: 100,
  highWaterMark: 16,
} as const satisfies LeadsOptions

const toQuery = 'it is a parameter of the API and belongs to the query, the second argument'

/** Length of the longest string that the engine supports, in characters. */
export const longestString = 2 ** 29 - 24

/** What the option `maxLeadBytes` accepts. */
export const maxLeadBytesRule: OptionRule = integer({
  min: 1,
  max: longestString,
  unit: 'the longest string of the engine',
})

const rules: OptionRules = {
  owner: 'leads() options',
  options: {
    limit: integer({ min: 1, unit: 'leads in all' }),
    paging: choice('seek', 'offset'),
    from: positionRule,
    lag: integer({ min: 0, unit: 'milliseconds' }),
    readAhead: integer({ min: 0, unit: 'bytes' }),
    decode: choice('express', 'stream-json'),
    onMissing: choice('report', 'fail'),
    maxLeadBytes: maxLeadBytesRule,
    maxDepth: integer({ min: 1, max: 1_000 }),
    highWaterMark: integer({ min: 0, unit: 'leads' }),
    signal: { instanceOf: 'AbortSignal', expected: 'an AbortSignal' },
  },
  elsewhere: {
    max: `${toQuery} (max is the page size, limit the leads in all)`,
    search: toQuery,
    sort: toQuery,
    dir: toQuery,
    offset: toQuery,
    startTime: toQuery,
    stopTime: toQuery,
    timePivot: toQuery,
    excludeConversionEvents: toQuery,
    optOut: toQuery,
    eligibleForEmail: toQuery,
    bounced: toQuery,
    isNotImported: toQuery,
    includeDeleted: toQuery,
    guids: toQuery,
  },
}

/**
 * Checks the options of `leads()` and fills in the defaults.
 *
 * @throws {LeadpipeError} OPTION, with the option, the received value and what is expected.
 */
export function leadsSettings(given?: LeadsOptions): LeadsSettings {
  return { ...leadsDefaults, ...checkOptions(given, rules) }
}
