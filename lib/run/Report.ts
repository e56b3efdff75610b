import type { OperatorCounts } from '../engine/definition.ts'
import { type ErrorCode, LeadpipeError, type LeadpipeErrorOf, type LeadpipeErrorOptions } from '../errors.ts'
import type { TimePivot } from '../lead/apiQuirks.ts'
import type { Missing } from '../paging/LeadPlan.ts'
import type { SubmissionsFacts } from '../sources/crm/ContactsAsLeadsRun.ts'
import type { FormsFacts } from '../sources/crm/FormSubmissionsRun.ts'
import type { SourceCounts } from '../sources/SourceCounts.ts'
import type { SinkCounts, SinkWritable } from '../streams/SinkWritable.ts'

/** The numbers of a run: plain JSON. On success they have been checked to add up. */
export interface Report {
  /** Leads that the source emitted, or values of another source. */
  leads: number
  /**
   * Records that the sink acknowledged: durable, if the sink can guarantee that. With several outputs, the sum over
   * all that were not dropped. Absent if text or bytes went into a stream of your own, and not through `encode`: one
   * chunk may hold any number of records.
   */
  records?: number
  /** Values that `validate` skipped, including elements that are not leads. Those of all branches count. */
  skipped: number
  /** Values that `validate` quarantined, including elements that are not leads. Those of all branches count. */
  quarantined: number
  /** Guids of the query that the portal did not return: their number, and the first 1,000. Absent without guids. */
  missing?: Missing
  /** Milliseconds from the start of the run to its end. */
  duration: number
  /** The part of the list that was read, if it is read by time; absent for another source or paging. */
  window?: { timePivot: TimePivot; startTime?: number; stopTime?: number }
  /** The submissions, and how many of them belong to contacts; only of `contactsAsLeads()`. */
  submissions?: SubmissionsFacts
  /** The forms whose submissions were read, and those that the portal refused; absent for a source without submissions. */
  forms?: FormsFacts
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
  /**
   * The name of the source, and what it counted: `source()` counts only `delivered`, and `quarantined()` what it
   * delivered and changed. Absent for a Readable and an iterable. `clockDifference` is how many milliseconds the portal's
   * clock (Date and Age of its first answer) is ahead of this machine's, negative if it is behind; absent if that is less
   * than a minute.
   */
  source?: { name?: string; clockDifference?: number } & Pick<SourceCounts, 'delivered'> &
    Partial<SourceCounts>
  /** The counts of each operator before the sink, in order. Those in branches are in `outputs`. */
  operators: OperatorCounts[]
  /** The counts of the sink. With several outputs, the name is 'tee', and the counts are sums over all not dropped. */
  sink: SinkReport
  /** What went to each output of a `tee`, in order; absent for a single sink. */
  outputs?: OutputReport[]
}

/**
 * The name of a sink, its counts and its {@link SinkWritable.destination}. A Writable of your own has the name
 * 'writable' and `received` only. `destination` is absent for an array, and for a file that is not created yet.
 */
export type SinkReport = { name?: string; destination?: string } & Pick<SinkCounts, 'received'> &
  Partial<SinkCounts>

/** The counts of one output of a `tee`. An output that is a `branch` which ends in a `tee` has the sums of its outputs. */
export type OutputReport = SinkReport & {
  /** The counts of each operator of the branch, in order; empty without operators. */
  operators: OperatorCounts[]
  /** The outputs of the `tee` at its end; absent for a single sink. */
  outputs?: OutputReport[]
  /** The message of the error because of which the branch was dropped; absent if it was not. */
  dropped?: string
}

/**
 * The failure of a run, with the numbers up to it: what `run` rejects with. It has the code, the message and all other
 * parts of the error that failed the run.
 */
export type RunError = LeadpipeError & {
  /** The numbers of the run up to its failure. */
  readonly report: Report
}

/** The class of {@link RunError}. */
export interface RunErrorClass {
  new (failure: LeadpipeError, report: Report): RunError
  readonly prototype: RunError
}

/** The constructor of errors of any code: a class can't extend a constructor that returns a union. */
type AnyError = new (
  code: ErrorCode,
  problem: string,
  options: LeadpipeErrorOptions,
) => LeadpipeErrorOf<ErrorCode>

export const RunError = class RunError extends (LeadpipeError as unknown as AnyError) {
  override readonly name: string = 'RunError'
  readonly report: Report

  constructor(failure: LeadpipeError, report: Report) {
    const { code, problem, retryable, context } = failure
    const cause = 'cause' in failure ? { cause: failure.cause } : {}
    super(code, problem, { retryable, context, ...cause })
    // The stack of the failure says where it happened.
    if (failure.stack !== undefined) this.stack = failure.stack
    this.report = report
  }
} as unknown as RunErrorClass
