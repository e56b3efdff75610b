import type { Checkpoint } from '../checkpoint/Checkpoint.ts'
import type { OperatorCounts } from '../engine/definition.ts'
import { type Equation, equation } from '../stage/Stage.ts'
import type { LedgerFacts } from './ledger.ts'
import type { OpenedRun } from './openRun.ts'
import type { Report } from './Report.ts'
import { type OpenSink, operatorId, outputsOf } from './RunStages.ts'

/** The report with the current numbers. */
export function reportOf({ source, chain, sinks, saver, started }: OpenedRun): Report {
  const [{ run: sink, attachment }] = sinks
  const counts = sink.counts?.()
  const { skipped = 0, quarantined = 0, records } = chain.totals
  const { destination, hasChunks } = sink
  // Of text and bytes, only the operator that made them knows the number of records.
  const written = counts?.acknowledged ?? records ?? (hasChunks ? undefined : chain.passed)
  return {
    leads: chain.records,
    ...(written === undefined ? {} : { records: written }),
    skipped,
    quarantined,
    duration: Math.round(performance.now() - started),
    ...source.facts?.(),
    operators: chain.counts,
    sink: {
      name: attachment.stage.name,
      ...(destination === undefined ? {} : { destination }),
      received: chain.passed,
      ...counts,
    },
    ...(saver === undefined ? {} : { checkpoint: saver.facts }),
  }
}

/** The report in a checkpoint. Leadpipe 0.1 saved an operator's own counts beside `in` and `out`. */
export function savedReport({ report: saved }: Checkpoint): Report {
  const report = saved as Report
  if (!Array.isArray(report?.operators)) return report
  const operators = report.operators.map(({ name, in: into, out, unused, ...rest }): OperatorCounts => {
    const own = typeof rest.own === 'object' ? rest.own : (rest as unknown as OperatorCounts['own'])
    return { name, in: into, out, ...(unused === undefined ? {} : { unused }), own }
  })
  return { ...report, operators }
}

/** The facts for the ledger of a run. */
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
        const arrived = run.counts?.().acknowledged
        const counts = chain.counts[index]
        if (arrived === undefined || counts === undefined || !('create' in definition)) return []
        return [{ quarantined: definition.totals?.(counts).quarantined ?? 0, acknowledged: arrived }]
      }),
    ),
  }
}

/** Everything that sinks wrote to their side outputs arrived there. */
function written(sinks: readonly OpenSink[]): Equation[] {
  return sinks.flatMap(({ id, run }) =>
    Object.entries(run.written?.() ?? {}).flatMap(([output, records]) => {
      const arrived = outputsOf(sinks, id)[output]?.run.counts?.().acknowledged
      if (arrived === undefined) return []
      return [equation(`records written to ${id}/${output}`, 'acknowledged by it', records, arrived)]
    }),
  )
}
