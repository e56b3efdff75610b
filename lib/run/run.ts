import { EventEmitter } from 'node:events'
import { finished } from 'node:stream/promises'
import { checkPlace } from '../checkpoint/checkPlace.ts'
import { checkpointSettings } from '../checkpoint/options.ts'
import { onAbort } from '../client/onAbort.ts'
import { LeadpipeError } from '../errors.ts'
import { optionError, optionFailure } from '../model/checkOptions.ts'
import { messageOf } from '../model/messageOf.ts'
import { isThenable } from '../operators/kernel/isThenable.ts'
import { Operator } from '../operators/kernel/Operator.ts'
import { Sink } from '../sinks/Sink.ts'
import type { LeadSource } from '../source/LeadSource.ts'
import { buildStages } from './buildStages.ts'
import { claimStreams } from './claimStreams.ts'
import { explainFailure } from './explainFailure.ts'
import { type Joined, joinStreams } from './joinStreams.ts'
import { checkLedger } from './ledger.ts'
import { openQuarantines, type Quarantines } from './openQuarantines.ts'
import { type RunOptions, runOptions } from './options.ts'
import { outputsOf } from './outputsOf.ts'
import type { Report } from './Report.ts'
import { RunCheckpoint } from './RunCheckpoint.ts'
import type { RunSignature } from './RunSignature.ts'
import { type RunArguments, readArguments } from './readArguments.ts'
import { checkReconcilable, reconcile } from './reconcile.ts'
import { refuseSharedPaths } from './refuseSharedPaths.ts'
import { reportOf, type Stages, streamsOf } from './Stages.ts'
import { whenAborted } from './whenAborted.ts'

/**
 * Runs a source through operators into a sink, and reports what happened.
 *
 * Everything that plain `pipeline` does, and more: types flow from stage to stage, neighbouring operators are
 * fused into one stream, an operator that wants no more stops the source, a run with a checkpoint goes on where
 * it was ended, and the numbers of every stage must add up at the end.
 *
 * @param stages a source (`leads()`, any Readable, an iterable), any number of operators, and a sink (`toFile`
 * and its like, or any Writable); then, if you like, {@link RunOptions}
 * @returns the {@link Report}, when everything is where it belongs
 * @throws {LeadpipeError} OPTION for wrong arguments, before the first request and before a file is touched;
 * CHECKPOINT when the checkpoint is damaged, or of another run; SINK when the destination can't be written; every
 * code that a stage fails with; LEDGER when the numbers do not add up. `error.report` holds the numbers up to the
 * failure, where `counts` of every operator can be had. After an abort, the signal's reason as it is.
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
  if (options.reconcile) checkReconcilable(given.source)
  options.signal?.throwIfAborted()
  const unlisten = ignoreErrors(given)
  try {
    return await start(given, options)
  } finally {
    unlisten()
  }
}

/**
 * A stream that fails before the streams are joined does not crash the process: the run finds it destroyed then, and
 * why. Returns what ends that.
 */
function ignoreErrors({ source, sink }: RunArguments): () => void {
  const ignore = () => {}
  const streams = [source, sink].filter(part => part instanceof EventEmitter)
  for (const stream of streams) stream.on('error', ignore)
  return () => {
    for (const stream of streams) stream.off('error', ignore)
  }
}

/** Looks at everything that the run is to touch, then does it. */
async function start(given: RunArguments, options: RunOptions): Promise<Report> {
  const quarantines = openQuarantines(given.operators.flatMap(part => part.definitions))
  if (given.sink instanceof Sink) await given.sink.check()
  await quarantines.check()
  const settings = options.checkpoint === undefined ? undefined : checkpointSettings(options.checkpoint)
  if (settings !== undefined) await checkPlace(settings.path)
  const outputs = await outputsOf([given.sink, ...quarantines.sinks])
  await refuseSharedPaths(outputs, given.source, settings?.path)
  const release = claimStreams(given)
  let checkpoint: RunCheckpoint | undefined
  try {
    if (settings !== undefined) {
      const paths = outputs.map(({ path }) => path)
      checkpoint = await RunCheckpoint.open(given, quarantines, paths, settings)
    }
  } catch (error) {
    release()
    throw error
  }
  try {
    if (checkpoint?.finished !== undefined) release()
    const report = checkpoint?.finished ?? (await finish(given, quarantines, checkpoint, options, release))
    if (!options.reconcile) return report
    return await reconcile(given.source as LeadSource, report, checkpoint?.ended, options.signal)
  } finally {
    await checkpoint?.close()
  }
}

/**
 * Does what is left to do: often everything.
 *
 * @param release lets another run use source and sink; called where they are not touched
 */
function finish(
  given: RunArguments,
  quarantines: Quarantines,
  checkpoint: RunCheckpoint | undefined,
  options: RunOptions,
  release: () => void,
): Promise<Report> {
  const complete = checkpoint?.complete
  if (checkpoint === undefined || complete === undefined) {
    return flow(given, quarantines, checkpoint, options, release)
  }
  return settle(given, quarantines, checkpoint, complete)
}

/** Runs the stages from the first lead (or the mark that is gone on from) to the last. */
async function flow(
  given: RunArguments,
  quarantines: Quarantines,
  checkpoint: RunCheckpoint | undefined,
  options: RunOptions,
  release: () => void,
): Promise<Report> {
  const started = performance.now()
  let joined: Joined | undefined
  let built: Stages
  try {
    built = buildStages(
      given,
      quarantines.definitions,
      index => joined?.stopBefore(index),
      checkpoint && (checkpoint.before === undefined ? 'new' : 'continued'),
    )
  } catch (error) {
    release()
    throw error
  }
  const report = (): Report => ({
    ...reportOf(built, Math.round(performance.now() - started)),
    ...(checkpoint === undefined ? {} : { checkpoint: checkpoint.facts }),
  })
  if (checkpoint !== undefined) {
    refuseUnsavedState(built)
    checkpoint.attach(built, () => {
      checkLedger(built, quarantines.acknowledged)
      return report()
    })
  }
  joined = joinStreams(streamsOf(built), built.junctions)
  stopRestored(built, joined)

  const unwatch = watch(joined, options, report, checkpoint)
  const failure = await joined.ended.finally(unwatch)
  try {
    const unended = await close(quarantines, failure !== undefined, checkpoint, options)
    // The failure that came first is the one to tell.
    if (failure !== undefined) throw explainFailure(failure, built)
    if (unended !== undefined) throw unended.error
    checkLedger(built, quarantines.acknowledged)
    return checkpoint === undefined ? report() : await checkpoint.finish(report())
  } catch (error) {
    if (error instanceof LeadpipeError) addReport(error, report)
    throw error
  }
}

/** Adds the numbers to a failure. Where they can't be had, since `counts` of an operator throws, it is told without. */
function addReport(failure: LeadpipeError, report: () => Report): void {
  try {
    failure.report = report()
  } catch {}
}

/** Ends the quarantines, or leaves them as they are for a restart; resolves to what they failed with. */
async function close(
  quarantines: Quarantines,
  failed: boolean,
  checkpoint: RunCheckpoint | undefined,
  { signal }: RunOptions,
): Promise<{ error: unknown } | undefined> {
  const { aborted, forget } = whenAborted(signal)
  try {
    if (!failed) await quarantines.end(aborted)
    else if (checkpoint === undefined) await quarantines.endFailed()
    else await quarantines.leave()
    return undefined
  } catch (error) {
    return { error }
  } finally {
    forget()
  }
}

/** Puts the files of a run in their places that was complete when it was ended. */
async function settle(
  { sink }: RunArguments,
  quarantines: Quarantines,
  checkpoint: RunCheckpoint,
  report: Report,
): Promise<Report> {
  const ended = finished(sink)
  sink.end()
  await ended
  await quarantines.end()
  return await checkpoint.finish(report)
}

/** A stage that holds what it can't save would lose it in a restart. */
function refuseUnsavedState(built: Stages): void {
  for (const part of built.middle) {
    const problem = part instanceof Operator ? part.unsavedState : undefined
    if (problem === undefined) continue
    for (const stream of streamsOf(built)) stream.destroy()
    throw optionError('run() options: checkpoint', problem)
  }
}

/** An operator that had wanted no more before the restart wants none now. */
function stopRestored({ middle }: Stages, joined: Joined): void {
  const last = middle.findLastIndex(part => part instanceof Operator && part.done)
  if (last !== -1) joined.stopBefore(last + 1)
}

/** Passes on an abort and reports progress; returns what ends both. */
function watch(
  joined: Joined,
  { signal, onProgress, progressInterval = 1_000 }: RunOptions,
  report: () => Report,
  checkpoint: RunCheckpoint | undefined,
): () => void {
  const abort = async () => {
    await checkpoint?.halt(joined.ended)
    joined.fail(signal?.reason)
  }
  const refuse = (cause: unknown) => {
    const message = `run() options: onProgress failed: ${messageOf(cause)}`
    joined.fail(optionFailure('run() options: onProgress', message, cause))
  }
  const tick = () => {
    let progress: Report
    try {
      progress = report()
    } catch (error) {
      joined.fail(error)
      return
    }
    try {
      const shown: unknown = onProgress?.(progress)
      if (isThenable(shown)) shown.then(undefined, refuse)
    } catch (cause) {
      refuse(cause)
    }
  }
  const unlisten = signal && onAbort(signal, abort)
  if (signal?.aborted) abort()
  const timer = onProgress && setInterval(tick, progressInterval)
  return () => {
    unlisten?.()
    clearInterval(timer)
  }
}
