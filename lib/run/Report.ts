import type { OperatorCounts } from '../engine/definition.ts'
import type { TimePivot } from '../lead/apiQuirks.ts'
import type { Missing } from '../paging/LeadPlan.ts'
import type { SourceCounts } from '../sources/SourceCounts.ts'
import type { SinkCounts, SinkWritable } from '../streams/SinkWritable.ts'

/** The numbers of a run: plain JSON. On success they have been checked to add up. */
export interface Report {
  /** Leads (or values of another source) that the source handed on. */
  leads: number
  /** Records that are where they belong, durably where the sink can tell. */
  records: number
  /** Values, and elements that are no leads, that `validate` left out. */
  skipped: number
  /** The same that `validate` set aside. */
  quarantined: number
  /** What did not come of the guids of the query: how many, and the first 1,000; absent without guids. */
  missing?: Missing
  /** Milliseconds from the start of the run to its end. */
  duration: number
  /** What of the list was read, where it is read by time; absent for another source or paging. */
  window?: { timePivot: TimePivot; startTime?: number; stopTime?: number }
  /** How a run with a checkpoint came about; its numbers count over all of its starts. */
  checkpoint?: {
    path: string
    /** How often it was started, this time included. */
    starts: number
    /** How often it was saved. */
    saves: number
    /**
     * What the checkpoint said that this start went on from. 'running': the run was in the middle. 'complete': every
     * record was written, and only names were given. 'finished': nothing was left to do, and this is the report of
     * then. Absent for a run that began, with `whenFinished: 'restart'` or `'next'` as well.
     */
    found?: 'running' | 'complete' | 'finished'
  }
  /** How many leads match on the server after the run, and how many were handed on; only with `reconcile`. */
  reconciliation?: { matching: number; delivered: number }
  /** What `leads()` counted; absent for another source. */
  source?: SourceCounts
  /** What went through each operator, in order. */
  operators: OperatorCounts[]
  /**
   * What the sink counted, and its {@link SinkWritable.destination}; all but `received` are absent for a Writable of the user's
   * own, and `destination` for an array, and a file that is not begun.
   */
  sink: { destination?: string } & Pick<SinkCounts, 'received'> & Partial<SinkCounts>
}
