import { EventEmitter } from 'node:events'
import { Waiter } from '../async/Waiter.ts'
import { fileStore } from '../checkpoint/CheckpointStore.ts'
import { checkpointSettings } from '../checkpoint/options.ts'
import { streamsOf } from '../streams/BranchedSink.ts'
import { claimStreams } from '../streams/userStreams.ts'
import { fail } from './fail.ts'
import { findCheckpoint } from './findCheckpoint.ts'
import {
  checkReconcilable,
  finish,
  finishedBefore,
  finishPrepared,
  type Outcome,
  reconcile,
} from './finish.ts'
import { loop } from './loop.ts'
import { openRun, type RunCheckpoint } from './openRun.ts'
import { type RunOptions, runOptions } from './options.ts'
import { claimOutputs, lockRun } from './outputs.ts'
import { pipelineOf } from './pipelineOf.ts'
import type { Report } from './Report.ts'
import type { RunSignature } from './RunSignature.ts'
import { type RunStages, runStages } from './RunStages.ts'
import { type RunArguments, readArguments } from './readArguments.ts'
import { reportOf } from './reportOf.ts'
import { watch } from './watch.ts'

/**
 * Runs a source through operators into a sink, and reports what happened.
 *
 * Does everything that a plain `pipeline` does, and more: types flow from stage to stage, neighbouring operators are
 * fused into one stream, an operator that wants no more stops the source, a run with a checkpoint resumes after an
 * interruption, and at the end the numbers of every stage must add up.
 *
 * @param stages a source (`leads()`, `source()`, any Readable, an iterable), any number of operators, and a sink
 * (`toFile`, `toHttp`, `toArray` or `sink()`, or any Writable); then, optionally, {@link RunOptions}
 * @returns the {@link Report}, when every record is written
 * @throws {LeadpipeError} OPTION for wrong arguments, before the first request and before a file is touched;
 * CHECKPOINT when the checkpoint is damaged, or belongs to another run; SINK when the destination can't be written.
 * @throws {RunError} every code that a stage fails with, and LEDGER when the numbers do not add up: a LeadpipeError
 * with the numbers up to the failure in `report`. If an operator's `counts` throws, there are no numbers, and the
 * error is a plain LeadpipeError.
 * @throws the signal's reason itself, after an abort.
 *
 * @example
 * ```ts
 * const report = await run(
 *   leads(client),
 *   filter(lead => lead.isCustomer),
 *   toFile('customers.ndjson'),
 *   { checkpoint: 'customers.checkpoint.json' },
 * )
 * ```
 */
export const run: RunSignature = async (...stages: unknown[]): Promise<Report> => {
  const given = readArguments(stages)
  const options = runOptions(given.options as RunOptions | undefined)
  options.signal?.throwIfAborted()
  const unlisten = ignoreErrors(given)
  try {
    return await start(given, options)
  } finally {
    unlisten()
  }
}

/**
 * Keeps a stream that fails before the run has opened it from crashing the process: the run finds it destroyed
 * later, with the reason. Returns a function that stops this.
 */
function ignoreErrors({ source, sink }: RunArguments): () => void {
  const ignore = () => {}
  const streams = [source, ...streamsOf(sink)].filter(part => part instanceof EventEmitter)
  for (const stream of streams) stream.on('error', ignore)
  return () => {
    for (const stream of streams) stream.off('error', ignore)
  }
}

async function start(given: RunArguments, options: RunOptions): Promise<Report> {
  const waiter = new Waiter()
  const releaseStreams = claimStreams(given.source, streamsOf(given.sink))
  let stages: RunStages | undefined
  let unlock = async () => {}
  try {
    stages = runStages(given, error => waiter.interrupt(error))
    if (options.reconcile) checkReconcilable(stages.source.stage)
    const settings = options.checkpoint === undefined ? undefined : checkpointSettings(options.checkpoint)
    const store = settings && (await fileStore(settings.path))
    const claims = await claimOutputs(stages, store)
    unlock = await lockRun(store, claims)
    let checkpoint: RunCheckpoint | undefined
    if (settings !== undefined && store !== undefined) {
      const pipeline = pipelineOf(stages, given, settings)
      checkpoint = await findCheckpoint(stages, pipeline, store, settings)
    }
    const outcome = await runOrFinish(stages, checkpoint, waiter, options)
    return options.reconcile ? await reconcile(stages.source.stage, outcome, options.signal) : outcome.report
  } catch (error) {
    // Streams that were not touched can be used again; the others are closed by now.
    stages?.source.release()
    for (const { attachment } of stages?.sinks ?? []) attachment.release()
    for (const face of stages?.faces ?? []) face.release()
    releaseStreams()
    throw error
  } finally {
    await unlock()
  }
}

/** Does what remains to be done according to the checkpoint: everything, the commit, or nothing. */
async function runOrFinish(
  stages: RunStages,
  checkpoint: RunCheckpoint | undefined,
  waiter: Waiter,
  options: RunOptions,
): Promise<Outcome> {
  const { found } = checkpoint ?? {}
  if (checkpoint !== undefined && found?.phase === 'committed')
    return finishedBefore(stages, checkpoint, found)
  if (checkpoint !== undefined && found?.phase === 'prepared') {
    return await finishPrepared(stages, checkpoint, found)
  }
  const run = await openRun(stages, checkpoint, waiter)
  const unwatch = watch(waiter, options, () => reportOf(run))
  let isLooping = true
  try {
    await loop(run)
    isLooping = false
    return await finish(run)
  } catch (error) {
    throw await fail(run, error, isLooping, options.signal)
  } finally {
    unwatch()
  }
}
