import type { LeadsClient } from '../hubspot/LeadsClient.ts'
import type { Lead } from '../lead/Lead.ts'
import type { LeadsQuery } from '../lead/LeadsQuery.ts'
import type { Position, SeekPosition } from '../lead/Position.ts'
import type { Missing } from '../paging/Pager.ts'
import { SourceReadable } from '../streams/SourceReadable.ts'
import type { LeadRun } from './LeadRun.ts'
import { leadStage } from './leadStage.ts'
import type { LeadsSettings } from './options.ts'
import type { SourceCounts } from './SourceCounts.ts'

/**
 * Every lead that a query matches, page after page, as an object-mode Readable. Made by `leads()`.
 *
 * Leads come in the order of the list, although several of its pages are asked for at the same time. It reads
 * ahead no further than its high-water mark and the bytes of `readAhead`: while nobody reads, the sockets are
 * left unread, too. `destroy()`, an abort, or leaving a `for await` closes the connections at once. A body that
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

  /** What of the list is read, when it is read by time; its stopTime is known from the first answer on. */
  get window(): Pick<SeekPosition, 'timePivot' | 'startTime' | 'stopTime'> | undefined {
    return this.run.window
  }
}
