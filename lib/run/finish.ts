import type { Checkpoint, RunState } from '../checkpoint/Checkpoint.ts'
import type { CheckpointStore } from '../checkpoint/CheckpointStore.ts'
import { LeadpipeError, reworded } from '../errors.ts'
import { optionError } from '../options/checkOptions.ts'
import type { SourceStage } from '../stage/SourceStage.ts'
import type { Json } from '../stage/Stage.ts'
import { checkLedger, ledger } from './ledger.ts'
import { endDropped, OpenSink } from './OpenSink.ts'
import { type OpenedRun, openableSinks, openSink, type RunCheckpoint } from './openRun.ts'
import { type Report, RunError } from './Report.ts'
import type { RunStages } from './RunStages.ts'
import { ledgerFacts, reportOf, savedReport } from './reportOf.ts'
import { checkpointFacts, saveCheckpoint } from './Saver.ts'

/** The result of a run that ended well. */
export interface Outcome {
  readonly report: Report
  /** The state of the source at its end. */
  readonly ended: Json
}

/**
 * Ends a run whose records are all processed, in two phases: everything is made durable, the numbers are checked,
 * and then everything is made visible. From then on nothing interrupts it.
 */
export async function finish(run: OpenedRun): Promise<Outcome> {
  const { source, chain, sinks, waiter, progress, saver, stages } = run
  await source.close(progress.batch, progress.processed)
  if (saver !== undefined) await waiter.until(saver.idle())
  await waiter.until(chain.flush())
  for (const face of stages.faces) face.finish()
  const states: [id: string, state: Json][] = []
  for (const open of sinks)
    if (!open.isDropped) states.push([open.sink.id, await waiter.until(open.prepare())])
  // Saving may drop a branch, too.
  const chainState = chain.save()
  const live = sinks.filter(open => !open.isDropped)
  checkLedger(ledger(ledgerFacts(run)))
  // null: an operator ended the run where the source can't be resumed, in the middle of a batch.
  const ended = source.save(progress.batch, progress.processed) ?? null
  const state: RunState = { source: ended, chain: chainState, sinks: Object.fromEntries(states) }
  await saver?.saveState('prepared', state, reportOf(run))
  await endDropped(sinks)
  for (const open of live) await open.commit()
  const report = reportOf(run)
  if (saver !== undefined) await removeKept(stages, saver.store)
  await saver?.saveState('committed', state, report)
  await close(stages, live)
  return { report: saver === undefined ? report : { ...report, checkpoint: saver.facts }, ended }
}

/** Makes visible what an earlier process prepared. */
export async function finishPrepared(
  stages: RunStages,
  checkpoint: RunCheckpoint,
  found: Checkpoint,
): Promise<Outcome> {
  const { store, pipeline } = checkpoint
  const { state } = found
  const sinks: OpenSink[] = []
  try {
    for (const sink of openableSinks(stages, found))
      sinks.push(new OpenSink(sink, await openSink(sink, checkpoint)))
    for (const open of sinks) await open.commit()
  } catch (error) {
    for (const open of sinks) await open.end('leave')
    throw error
  }
  await removeKept(stages, store)
  const saves = found.saves + 1
  const facts = checkpointFacts(store, found, saves)
  const report = { ...savedReport(found), checkpoint: facts }
  await saveCheckpoint(store, { pipeline, phase: 'committed', state, report, starts: facts.starts, saves })
  for (const part of [...sinks.map(({ sink }) => sink.attachment), ...stages.faces]) part.finish()
  await close(stages, sinks)
  return { report, ended: state.source }
}

/** The result of a run that had already finished: nothing is touched. */
export function finishedBefore(stages: RunStages, { store }: RunCheckpoint, found: Checkpoint): Outcome {
  stages.source.release()
  for (const part of [...stages.sinks.map(({ attachment }) => attachment), ...stages.faces]) part.release()
  const checkpoint = checkpointFacts(store, found, found.saves)
  return { report: { ...savedReport(found), checkpoint }, ended: found.state.source }
}

/** Everything is written: nothing resumes the source. */
async function removeKept({ source }: RunStages, { files: [checkpoint] }: CheckpointStore): Promise<void> {
  if (checkpoint !== undefined) await source.stage.kept?.remove(checkpoint)
}

/** @param done the sinks that ended well */
async function close({ source, sinks, faces }: RunStages, done: readonly OpenSink[]): Promise<void> {
  const ended = new Set(done.map(({ sink }) => sink))
  await Promise.all([
    ...[source, ...faces].map(part => part.close(true)),
    ...sinks.map(sink => sink.attachment.close(ended.has(sink))),
  ])
}

/**
 * Checks that the elements of a source can be counted on the server.
 *
 * @throws {LeadpipeError} OPTION
 */
export function checkReconcilable({ count, noneCounted }: SourceStage): void {
  if (count !== undefined) return
  const lack = noneCounted ?? {
    owner: 'run()',
    option: 'source',
    expected: 'leads()',
    received: 'another source',
  }
  throw optionError({ ...lack, with: { owner: 'run()', option: 'reconcile' } })
}

/** Adds the number of leads that match on the server now to a report. */
export async function reconcile(
  { count }: SourceStage,
  { report, ended }: Outcome,
  signal?: AbortSignal,
): Promise<Report> {
  const { delivered = 0, rejected = 0 } = report.source ?? {}
  try {
    const matching = (await count?.(ended, signal)) ?? 0
    return { ...report, reconciliation: { matching, delivered: delivered + rejected } }
  } catch (error) {
    if (!(error instanceof LeadpipeError)) throw error
    const problem = `everything is written, but the matching leads could not be counted: ${error.problem}`
    throw new RunError(reworded(error, problem, { cause: error }), report)
  }
}
