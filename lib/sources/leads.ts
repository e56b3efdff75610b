import type { HubSpotClient } from '../hubspot/HubSpotClient.ts'
import type { Lead } from '../lead/Lead.ts'
import type { LeadsQuery } from '../lead/LeadsQuery.ts'
import type { Position, SeekPosition } from '../lead/Position.ts'
import type { Missing } from '../paging/LeadPlan.ts'
import { currentRun, lastRead } from '../streams/attach.ts'
import { SourceReadable } from '../streams/SourceReadable.ts'
import { checkClient } from './checkClient.ts'
import type { LeadRun } from './LeadRun.ts'
import { leadStage } from './leadStage.ts'
import { type LeadsOptions, type LeadsSettings, leadsOptions } from './options.ts'
import { pagingOf } from './planOf.ts'
import type { SourceCounts } from './SourceCounts.ts'

/**
 * Every lead of a portal that a query matches, as a Readable of leads.
 *
 * Leads are emitted in the order of (time pivot, guid), each exactly once, even if others are inserted or deleted
 * meanwhile. With `sort`, they are emitted in the server's order (see the option `paging`). Leads whose pivot is 0 or
 * absent (never closed, never converted) are first. Elements without a guid or an integer pivot cannot be ordered: each
 * is delivered once, after the element that precedes it in the response, and deduplicated by its raw text.
 *
 * Nothing is requested before the first read. The stream fails with AUTH, RATE_LIMIT, DAILY_LIMIT, HTTP, NETWORK,
 * TIMEOUT, DECODE, PAGING or MISSING; with SOURCE if reading the guids of the query throws; with OPTION if an iterable
 * of guids yields an empty string or a value that is not a string; or with the reason of `signal`.
 *
 * @param client the client of the portal to read; it is not closed
 * @param options which leads (the API's own parameters, in the API's spelling) and how they are read; default: every
 * lead that is not deleted
 * @throws {LeadpipeError} OPTION for an unknown option or a wrong value.
 *
 * @example
 * ```ts
 * for await (const lead of leads(client, { search: 'hubspot', limit: 10 })) console.log(lead.email)
 * ```
 */
export function leads(client: HubSpotClient, options?: LeadsOptions): LeadSource {
  checkClient('leads()', client)
  const { query, settings } = leadsOptions(options)
  pagingOf(query, settings)
  return new LeadSource(client, query, settings)
}

/**
 * Every lead that a query matches, page after page, as an object-mode Readable. Made by `leads()`.
 *
 * Leads are emitted in the order of the list, although several of its pages are requested at the same time. It reads
 * ahead about as far as its high-water mark and `readAheadBytes` allow: while nothing reads the stream, the sockets are
 * not read either. `destroy()`, an abort, or leaving a `for await` closes the connections at once. If a body is cut
 * off, reading resumes after the last delivered lead.
 */
export class LeadSource extends SourceReadable<Lead, LeadRun> {
  /** The checked query. */
  readonly query: Readonly<LeadsQuery>

  /** @throws {LeadpipeError} OPTION when the position to start from is of another list */
  constructor(client: HubSpotClient, query: LeadsQuery, settings: LeadsSettings) {
    const stage = leadStage(client, query, settings)
    super(stage, stage.open, { highWaterMark: settings.highWaterMark })
    this.query = query
  }

  /** The counts so far. */
  get counts(): SourceCounts {
    return this[currentRun].counts()
  }

  /** The guids of the query for which the portal returned no lead, if the query has guids. */
  get missing(): Readonly<Missing> | undefined {
    return this[currentRun].missing
  }

  /**
   * Where the list continues after the last lead that was read from this stream, as plain JSON: for the option `from`
   * of another source with the same query.
   */
  get position(): Position {
    return (this[lastRead] as Position | undefined) ?? this[currentRun].start
  }

  /** The time window of the list (seek paging only). Its stopTime is known once the first answer has arrived. */
  get window(): Pick<SeekPosition, 'timePivot' | 'startTime' | 'stopTime'> | undefined {
    return this[currentRun].window
  }
}
