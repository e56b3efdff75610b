import type { OperatorCounts } from '../engine/definition.ts'
import type { TimePivot } from '../lead/apiQuirks.ts'
import type { Missing } from '../paging/LeadPlan.ts'
import type { SourceCounts } from '../sources/SourceCounts.ts'
import type { SinkCounts, SinkWritable } from '../streams/SinkWritable.ts'

/** The numbers of a run: plain JSON. On success they have been checked to add up. */
export interface Report {
  /** Leads that the source emitted, or values of another source. */
  leads: number
  /** Records that the sink acknowledged: durable, if the sink can guarantee that. */
  records: number
  /** Values that `validate` skipped, including elements that are not leads. */
  skipped: number
  /** Values that `validate` quarantined, including elements that are not leads. */
  quarantined: number
  /** Guids of the query that the portal did not return: their number, and the first 1,000. Absent without guids. */
  missing?: Missing
  /** Milliseconds from the start of the run to its end. */
  duration: number
  /** The part of the list that was read, if it is read by time; absent for another source or paging. */
  window?: { timePivot: TimePivot; startTime?: number; stopTime?: number }
  /** The facts about a run with a checkpoint. The numbers of its report count over all of its starts. */
  checkpoint?: {
    path: string
    /** Number of starts, this one included. */
    starts: number
    /** Number of times that the checkpoint was saved. */
    saves: number
    /**
     * The state of the checkpoint that this start resumed. 'running': the run was in the middle. 'complete': every
     * record was written, and only the files had to get their names. 'finished': nothing was left to do, and this is
     * the report of the finished run. Absent for a new run, including one by `whenFinished: 'restart'` or `'next'`.
     */
    found?: 'running' | 'complete' | 'finished'
  }
  /** Leads that match on the server after the run, and leads that were emitted; only with `reconcile`. */
  reconciliation?: { matching: number; delivered: number }
  /** What `leads()` counted; absent for another source. */
  source?: SourceCounts
  /** The counts of each operator, in order. */
  operators: OperatorCounts[]
  /**
   * The counts of the sink and its {@link SinkWritable.destination}. A Writable of your own has `received` only.
   * `destination` is absent for an array, and for a file that is not created yet.
   */
  sink: { destination?: string } & Pick<SinkCounts, 'received'> & Partial<SinkCounts>
}
