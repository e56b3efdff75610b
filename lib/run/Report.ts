import type { OperatorCounts } from '../engine/definition.ts'
import type { TimePivot } from '../lead/apiQuirks.ts'
import type { Missing } from '../paging/LeadPlan.ts'
import type { SourceCounts } from '../sources/SourceCounts.ts'
import { type Equation, equation } from '../stage/Stage.ts'
import type { SinkCounts, SinkWritable } from '../streams/SinkWritable.ts'
import type { LedgerFacts } from './ledger.ts'
import type { OpenedRun } from './openRun.ts'
import { type OpenSink, operatorId, outputsOf } from './RunStages.ts'

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

/** The report as the numbers stand now. */
export function reportOf({ source, chain, sinks, saver, started }: OpenedRun): Report {
  const [{ run: sink }] = sinks
  const counts = sink.counts?.()
  const { skipped = 0, quarantined = 0, records } = chain.totals
  const { destination } = sink
  return {
    leads: chain.records,
    // Bytes in front of a Writable of the user's: the operator that made them knows how many records they are.
    records: counts?.acknowledged ?? records ?? chain.passed,
    skipped,
    quarantined,
    duration: Math.round(performance.now() - started),
    ...source.facts?.(),
    operators: chain.counts,
    sink: {
      ...(destination === undefined ? {} : { destination }),
      received: chain.passed,
      ...counts,
    },
    ...(saver === undefined ? {} : { checkpoint: saver.facts }),
  }
}

/** What the ledger of a run is made of. */
export function ledgerFacts({ source, chain, sinks, stages }: OpenedRun): LedgerFacts {
  const [{ run: sink }] = sinks
  const { received, acknowledged } = sink.counts?.() ?? {}
  return {
    source: { delivered: source.delivered, equations: source.equations?.() ?? [] },
    received: chain.records + chain.rejected,
    operators: chain.equations(),
    passed: chain.passed,
    sink: { received, acknowledged, equations: [...(sink.equations?.() ?? []), ...written(sinks)] },
    quarantines: stages.definitions.flatMap((definition, index) =>
      Object.values(outputsOf(sinks, operatorId(index))).flatMap(({ run }) => {
        const taken = run.counts?.().acknowledged
        const counts = chain.counts[index]
        if (taken === undefined || counts === undefined || !('create' in definition)) return []
        return [{ quarantined: definition.totals?.(counts).quarantined ?? 0, acknowledged: taken }]
      }),
    ),
  }
}

/** What sinks wrote to their side outputs came there. */
function written(sinks: readonly OpenSink[]): Equation[] {
  return sinks.flatMap(({ id, run }) =>
    Object.entries(run.written?.() ?? {}).flatMap(([output, records]) => {
      const taken = outputsOf(sinks, id)[output]?.run.counts?.().acknowledged
      if (taken === undefined) return []
      return [equation(`records written to ${id}/${output}`, 'acknowledged by it', records, taken)]
    }),
  )
}
