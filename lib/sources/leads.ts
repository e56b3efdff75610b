import { LeadsClient } from '../hubspot/LeadsClient.ts'
import type { Lead } from '../lead/Lead.ts'
import { checkQuery, type LeadsQuery } from '../lead/LeadsQuery.ts'
import type { Position, SeekPosition } from '../lead/Position.ts'
import { optionError, typeOf } from '../options/checkOptions.ts'
import type { Missing } from '../paging/LeadPlan.ts'
import { SourceReadable } from '../streams/SourceReadable.ts'
import type { LeadRun } from './LeadRun.ts'
import { leadStage } from './leadStage.ts'
import { type LeadsOptions, type LeadsSettings, leadsSettings } from './options.ts'
import { pagingOf } from './planOf.ts'
import type { SourceCounts } from './SourceCounts.ts'

/**
 * Every lead of a portal that a query matches, as a Readable of leads.
 *
 * They come in the order of (time pivot, guid), each once, whatever is inserted or deleted meanwhile; in the server's
 * order where the query sorts (see the option `paging`). A pivot of 0 or none (never closed, never converted) comes
 * first. What has no guid, or a pivot that is no whole number, comes once behind the lead that it stands behind in the
 * server's list, told apart by its text.
 *
 * Nothing is requested before the first read. The stream fails with AUTH, RATE_LIMIT, DAILY_LIMIT, HTTP, NETWORK,
 * TIMEOUT, DECODE, PAGING or MISSING, with SOURCE when the guids of the query can't be taken, with OPTION when an
 * iterable of them gives one that is no string or an empty one, or with the reason of `signal`.
 *
 * @param client whose portal to read; it is not closed
 * @param query the API's own parameters, in its own spelling; default: every lead that is not deleted
 * @param options everything that is leadpipe's: limit, decode, signal and more
 * @throws {LeadpipeError} OPTION, for a wrong or misplaced parameter.
 *
 * @example
 * ```ts
 * for await (const lead of leads(client, { search: 'hubspot' }, { limit: 10 })) console.log(lead.email)
 * ```
 */
export function leads(client: LeadsClient, query?: LeadsQuery, options?: LeadsOptions): LeadSource {
  if (!(client instanceof LeadsClient)) {
    // What it holds may be a token: `leads({ accessToken })`.
    throw optionError(
      'leads() client',
      'expected a LeadsClient (new LeadsClient({ accessToken }))',
      typeOf(client),
      true,
    )
  }
  const checked = checkQuery(query)
  const settings = leadsSettings(options)
  pagingOf(checked, settings)
  return new LeadSource(client, checked, settings)
}

/**
 * Every lead that a query matches, page after page, as an object-mode Readable. Made by `leads()`.
 *
 * Leads come in the order of the list, although several of its pages are asked for at the same time. It reads
 * ahead about as far as its high-water mark and `readAhead` say: while nobody reads, the sockets are left unread, too. `destroy()`, an abort, or leaving a `for await` closes the connections at once. A body that
 * breaks off is continued behind the last lead that was delivered.
 */
export class LeadSource extends SourceReadable<Lead, LeadRun> {
  /** The checked query. */
  readonly query: Readonly<LeadsQuery>

  /** @throws {LeadpipeError} OPTION when the position to start from is of another list */
  constructor(client: LeadsClient, query: LeadsQuery, settings: LeadsSettings) {
    const stage = leadStage(client, query, settings)
    super(stage, stage.open, { highWaterMark: settings.highWaterMark })
    this.query = query
  }

  /** What was counted so far. */
  get counts(): SourceCounts {
    return this.run.counts()
  }

  /** What became of the guids of the query, if it has some. */
  get missing(): Readonly<Missing> | undefined {
    return this.run.missing
  }

  /**
   * Where the list goes on behind the last lead that was read from this stream, as plain JSON: for the option
   * `from` of another source with the same query.
   */
  get position(): Position {
    return (this.lastRead as Position | undefined) ?? this.run.start
  }

  /** The window of time that is read (seek paging only); its stopTime is known from the first answer on. */
  get window(): Pick<SeekPosition, 'timePivot' | 'startTime' | 'stopTime'> | undefined {
    return this.run.window
  }
}
