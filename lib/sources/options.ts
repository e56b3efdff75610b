import type { LongNumbers } from '../decode/parseElement.ts'
import { clientOptions } from '../hubspot/options.ts'
import { completeQuery, type LeadsQuery, misspelledParameters, queryRules } from '../lead/LeadsQuery.ts'
import { type Position, positionRule } from '../lead/Position.ts'
import { checkOptions, type OptionRules } from '../options/checkOptions.ts'
import { choice, integer, type OptionRule, withDefault } from '../options/optionRule.ts'

/** Which leads are read, in the API's own parameters, and how: leadpipe's own options. No name is in both. */
export interface LeadsOptions extends LeadsQuery {
  /** The maximum number of leads to deliver, 1 or more. Default: every lead that the query matches. */
  limit?: number | undefined
  /**
   * How the list is read. 'seek' requests the leads after a time, in the order of (timePivot, guid): inserts and
   * deletes meanwhile do not shift pages, and every lead that matches and keeps its pivot is delivered exactly once.
   * 'offset' requests the leads after a number of leads, in the server's order: it may miss leads or deliver them twice
   * if others are inserted or deleted meanwhile. Default: 'seek', but 'offset' for a query that sorts, has an offset,
   * or has pages of one lead. A query with guids is read by guid.
   */
  paging?: 'seek' | 'offset' | undefined
  /**
   * Where to resume: the `source.position` of an earlier source with the same query. With guids, the guids must be
   * the same, in the same order. Default: the beginning of the list.
   */
  from?: Position | undefined
  /**
   * Milliseconds by which seek paging lags behind the server's time (Date and Age of its first answer; this machine's
   * without a Date). Leads with a later pivot are left for the next export, because the server may still make more leads
   * of that time visible. 0 to 3,155,760,000,000 (100 years). Default: 60,000.
   */
  lag?: number | undefined
  /**
   * The maximum number of bytes of decompressed bodies that are held for pages read ahead, up to `concurrency` (of the
   * client) pages at the same time. A page is requested when there is room for a page as large as the largest so far,
   * so a small `readAheadBytes` means fewer pages at the same time. Time windows are read at the same time if there is
   * room for 5 pages of each. If pages are larger than expected, the limit may be exceeded by one page and by the chunk
   * (64 KiB) that each connection is receiving. A page beyond that is dropped and requested again when it is the next
   * to deliver, as is a page that takes more than half of `readAheadBytes`. The chunk whose leads are being delivered
   * is not included. Leads in memory take about three times as much as in bodies, and four times if a file gets them
   * as they came, because their bytes are kept. 0 or more; 0 reads one page after the other. Default: 12 MiB.
   */
  readAheadBytes?: number | undefined
  /**
   * How bodies are decoded. 'express' finds the bytes of each lead and parses them with the engine's JSON.parse;
   * stream-json parses what surrounds the leads. 'stream-json' sends every byte through stream-json, which is slower,
   * and ends the list at an element that is not JSON, too large or too deep, even if `validate` skips or quarantines
   * such elements. Both return the same leads. Default: 'express'.
   */
  decode?: 'express' | 'stream-json' | undefined
  /**
   * What becomes of a number with more digits than a double holds, if its lead is not written as it came. 'round'
   * replaces it by the nearest double. 'text' keeps its digits, as a string, which the lead's schema refuses if it
   * documents a number there. A number that is too large for a double, such as 1e400, becomes a string in any case. The
   * report counts both (`roundedNumbers`, `textNumbers`). Default: 'round', which no schema refuses.
   */
  longNumbers?: LongNumbers | undefined
  /**
   * What happens if the portal does not return a lead that was requested by guid: 'report' lists it in
   * `report.missing`, 'fail' ends the stream with MISSING. Default: 'report'.
   */
  onMissing?: 'report' | 'fail' | undefined
  /** The maximum size of one lead in bytes, 1 or more. Default: 16 MiB. */
  maxLeadBytes?: number | undefined
  /** The maximum depth of nesting inside one lead, 1 to 1,000. Default: 100. */
  maxDepth?: number | undefined
  /** How many leads are read ahead of the consumer, 0 or more. Default: 16, Node's own. */
  highWaterMark?: number | undefined
  /** Aborts reading at once; the stream fails with the signal's reason. */
  signal?: AbortSignal | undefined
}

type OwnOptions = Omit<LeadsOptions, keyof LeadsQuery>

/** Leadpipe's own options with every default filled in. */
export type LeadsSettings = Required<Omit<OwnOptions, 'signal' | 'from' | 'paging'>> &
  Pick<OwnOptions, 'signal' | 'from' | 'paging'>

/** Length of the longest string that the engine supports, in characters. */
export const longestString = 2 ** 29 - 24

/** What the option `maxLeadBytes` accepts. */
const maxLeadBytesRule: OptionRule = integer({
  min: 1,
  max: longestString,
  unit: 'the longest string of the engine',
  default: 16 * 1024 * 1024,
})

/** Hints for options of the client, which users are likely to give to a source by mistake. */
export const ofTheClient: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    clientOptions.map(name => [name, `it belongs to the client: new HubSpotClient({ ${name} })`]),
  ),
  access_token: 'the token belongs to the client: new HubSpotClient({ accessToken })',
  hapikey: 'the key belongs to the client: new HubSpotClient({ apiKey })',
}

/** What the options accept. */
export const leadsRules: OptionRules = {
  owner: 'leads()',
  options: {
    ...queryRules,
    limit: integer({ min: 1, unit: 'leads in all', default: Number.POSITIVE_INFINITY }),
    paging: choice('seek', 'offset'),
    from: positionRule,
    lag: integer({ min: 0, max: 3_155_760_000_000, unit: 'milliseconds', default: 60_000 }),
    readAheadBytes: integer({ min: 0, unit: 'bytes', default: 12 * 1024 * 1024 }),
    decode: withDefault('express', choice('express', 'stream-json')),
    longNumbers: withDefault('round', choice('round', 'text')),
    onMissing: withDefault('report', choice('report', 'fail')),
    maxLeadBytes: maxLeadBytesRule,
    maxDepth: integer({ min: 1, max: 1_000, default: 100 }),
    highWaterMark: integer({ min: 0, unit: 'leads', default: 16 }),
    signal: { instanceOf: 'AbortSignal', expected: 'an AbortSignal' },
  },
  elsewhere: {
    ...ofTheClient,
    readAhead: 'it is called readAheadBytes',
    ...misspelledParameters,
  },
}

/**
 * Checks the options of `leads()`, and returns the API's parameters and, with every default filled in, leadpipe's own.
 *
 * @throws {LeadpipeError} OPTION, with the option, the received value and what is expected.
 */
export function leadsOptions(given?: LeadsOptions): { query: LeadsQuery; settings: LeadsSettings } {
  const checked = checkOptions(given, leadsRules)
  const entries = Object.entries(checked)
  const query = Object.fromEntries(entries.filter(([name]) => isParameter(name)))
  const own = Object.fromEntries(entries.filter(([name]) => !isParameter(name)))
  return { query: completeQuery(query), settings: own as LeadsSettings }
}

const isParameter = (name: string) => Object.hasOwn(queryRules, name)
