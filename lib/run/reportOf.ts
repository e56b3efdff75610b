import type { Checkpoint } from '../checkpoint/Checkpoint.ts'
import type { Branch } from '../engine/Branch.ts'
import { mainId, operatorId } from '../engine/branches.ts'
import type { OperatorCounts } from '../engine/definition.ts'
import { type Equation, equation } from '../stage/Stage.ts'
import type { LedgerFacts, SinkFacts } from './ledger.ts'
import type { OpenSink } from './OpenSink.ts'
import type { OpenedRun } from './openRun.ts'
import type { Report } from './Report.ts'
import { sideOutput } from './RunStages.ts'

/** The report with the current numbers. */
export function reportOf(run: OpenedRun): Report {
  const { source, chain, saver, started } = run
  const { main } = chain
  const totals = liveBranches(main).map(({ runners }) => runners.totals)
  const { records, ...end } = endOf(main, run)
  const unmatched = sum(totals.map(({ unmatched }) => unmatched))
  return {
    leads: main.records - unmatched,
    ...(records === undefined ? {} : { records }),
    skipped: sum(totals.map(({ skipped }) => skipped)),
    quarantined: sum(totals.map(({ quarantined }) => quarantined)),
    duration: Math.round(performance.now() - started),
    ...source.facts?.(),
    operators: chain.counts,
    ...end,
    ...(saver === undefined ? {} : { checkpoint: saver.facts }),
  }
}

/** What a report says about the end of a branch. */
type BranchEnd = Pick<Report, 'records' | 'sink' | 'outputs'>

/**
 * What went to the sink of a branch, or to its branches.
 *
 * @param before records that an operator of the branch above has converted to bytes
 */
function endOf(branch: Branch, run: OpenedRun, before?: number): BranchEnd {
  const converted = branch.runners.totals.records ?? before
  if (branch.passed === undefined) return endOfBranches(branch, below => endOf(below, run, converted))
  const sink = run.stages.sinks.find(({ id }) => id === branch.id)
  const open = run.sinks.find(open => open.sink === sink)
  const counts = open?.run.counts?.()
  const destination = open?.run.destination
  return {
    // Of text and bytes, only the operator that made them knows the number of records.
    records: counts?.acknowledged ?? converted ?? (open?.run.hasChunks ? undefined : branch.passed),
    sink: {
      ...(sink && { name: sink.attachment.stage.name }),
      ...(destination === undefined ? {} : { destination }),
      received: branch.passed,
      ...counts,
    },
  }
}

function endOfBranches({ branches, live }: Branch, endOf: (branch: Branch) => BranchEnd): BranchEnd {
  const ends = live.map(endOf)
  const sums = {
    name: 'tee',
    received: sum(ends.map(({ sink }) => sink.received)),
    acknowledged: sum(ends.map(({ sink }) => sink.acknowledged)),
    bytes: sum(ends.map(({ sink }) => sink.bytes)),
  }
  const outputs = branches.map(branch => {
    const { sink, outputs } = endOf(branch)
    return {
      ...sink,
      operators: branch.runners.counts,
      ...(outputs && { outputs }),
      ...(branch.dropped === undefined ? {} : { dropped: branch.dropped }),
    }
  })
  const records = ends.map(end => end.records)
  return { records: records.includes(undefined) ? undefined : sum(records), sink: sums, outputs }
}

/** A branch and those below, without those that were dropped. */
const liveBranches = (branch: Branch): Branch[] => [branch, ...branch.live.flatMap(liveBranches)]

const sum = (numbers: readonly (number | undefined)[]) =>
  numbers.reduce<number>((total, number = 0) => total + number, 0)

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
export function ledgerFacts({ source, chain, sinks }: OpenedRun): LedgerFacts {
  const live = sinks.filter(open => !open.isDropped)
  const branches = liveBranches(chain.main)
  return {
    source: { delivered: source.delivered, equations: source.equations?.() ?? [] },
    received: chain.main.records + chain.main.rejected,
    operators: chain.equations(),
    sinks: branches.flatMap(branch => sinkFacts(branch, live)),
    sideOutputs: live.flatMap(open => written(open, live)),
    quarantines: branches.flatMap(branch => quarantines(branch, live)),
  }
}

function sinkFacts({ id, passed }: Branch, sinks: readonly OpenSink[]): SinkFacts[] {
  const run = sinks.find(({ sink }) => sink.id === id)?.run
  if (run === undefined || passed === undefined) return []
  const { received, acknowledged } = run.counts?.() ?? {}
  const name = id === mainId ? 'the sink' : id
  return [{ name, passed, received, acknowledged, equations: run.equations?.() ?? [] }]
}

function quarantines(branch: Branch, sinks: readonly OpenSink[]): LedgerFacts['quarantines'] {
  return branch.definitions.flatMap((definition, index) => {
    if (!('create' in definition)) return []
    return Object.keys(definition.outputs ?? {}).flatMap(output => {
      const open = sideOutput(sinks, operatorId(branch.id, index), output)
      const acknowledged = open?.run.counts?.().acknowledged
      const counts = branch.runners.counts[index]
      if (acknowledged === undefined || counts === undefined) return []
      const { quarantined = 0, unmatched = quarantined } = definition.totals?.(counts) ?? {}
      return [{ quarantined: unmatched, acknowledged }]
    })
  })
}

/** Everything that a sink wrote to its side outputs arrived there. */
function written({ sink: { id }, run }: OpenSink, sinks: readonly OpenSink[]): Equation[] {
  return Object.entries(run.written?.() ?? {}).flatMap(([output, records]) => {
    const arrived = sideOutput(sinks, id, output)?.run.counts?.().acknowledged
    if (arrived === undefined) return []
    return [equation(`records written to ${id}/${output}`, 'acknowledged by it', records, arrived)]
  })
}
