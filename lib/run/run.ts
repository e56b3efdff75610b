import { EventEmitter } from 'node:events'
import { finished } from 'node:stream/promises'
import { checkPlace } from '../checkpoint/checkPlace.ts'
import { checkpointSettings } from '../checkpoint/options.ts'
import { Sink } from '../sinks/Sink.ts'
import type { LeadSource } from '../source/LeadSource.ts'
import { claimStreams } from './claimStreams.ts'
import { flow, type RunParts } from './flow.ts'
import { openQuarantines } from './openQuarantines.ts'
import { type RunOptions, runOptions } from './options.ts'
import { outputsOf } from './outputsOf.ts'
import type { Report } from './Report.ts'
import { RunCheckpoint } from './RunCheckpoint.ts'
import type { RunSignature } from './RunSignature.ts'
import { type RunArguments, readArguments } from './readArguments.ts'
import { checkReconcilable, reconcile } from './reconcile.ts'
import { refuseSharedPaths } from './refuseSharedPaths.ts'

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
    const parts: RunParts = { given, options, quarantines, checkpoint, release }
    const report = checkpoint?.finished ?? (await (checkpoint?.complete ? settle(parts) : flow(parts)))
    if (!options.reconcile) return report
    return await reconcile(given.source as LeadSource, report, checkpoint?.ended, options.signal)
  } finally {
    await checkpoint?.close()
  }
}

/** Puts the files of a run in their places that was complete when it was ended. */
async function settle({ given, quarantines, checkpoint }: RunParts): Promise<Report> {
  const ended = finished(given.sink)
  given.sink.end()
  await ended
  await quarantines.end()
  return await (checkpoint as RunCheckpoint).finish(checkpoint?.complete as Report)
}
