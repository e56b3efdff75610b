import { EventEmitter } from 'node:events'
import { LeadpipeError } from '../errors.ts'
import { isThenable } from '../operators/kernel/isThenable.ts'
import { messageOf } from '../operators/kernel/messageOf.ts'
import { Sink } from '../sinks/Sink.ts'
import { buildStages, type RunArguments, readArguments } from './buildStages.ts'
import { claimStreams } from './claimStreams.ts'
import { explainFailure } from './explainFailure.ts'
import { type Joined, joinStreams } from './joinStreams.ts'
import { checkLedger } from './ledger.ts'
import { openQuarantines } from './openQuarantines.ts'
import { type RunOptions, runOptions } from './options.ts'
import type { Report } from './Report.ts'
import type { RunSignature } from './RunSignature.ts'
import { reportOf, streamsOf } from './Stages.ts'

/**
 * Runs a source through operators into a sink, and reports what happened.
 *
 * Everything that plain `pipeline` does, and more: types flow from stage to stage, neighbouring operators are
 * fused into one stream, an operator that wants no more stops the source, and the numbers of every stage must
 * add up at the end.
 *
 * @param stages a source (`leads()`, any Readable, an iterable), any number of operators, and a sink (`toFile`
 * and its like, or any Writable); then, if you like, {@link RunOptions}
 * @returns the {@link Report}, when everything is where it belongs
 * @throws {LeadpipeError} OPTION for wrong arguments, before the first request and before a file is touched;
 * SINK when the destination can't be written; every code that a stage fails with; LEDGER when the numbers do
 * not add up. `error.report` holds the numbers up to the failure. After an abort, the signal's reason as it is.
 *
 * @example
 * ```ts
 * const report = await run(
 *   leads(client),
 *   filter(lead => lead.isCustomer),
 *   toFile('customers.ndjson'),
 * )
 * ```
 */
export const run: RunSignature = async (...stages: unknown[]): Promise<Report> => {
  const given = readArguments(stages)
  const options = runOptions(given.options as RunOptions | undefined)
  options.signal?.throwIfAborted()
  const quarantines = openQuarantines(given.operators.flatMap(part => part.definitions))
  await checkSink(given)
  await quarantines.check()
  claimStreams(given)

  const started = performance.now()
  let joined: Joined | undefined
  const built = buildStages(given, quarantines.definitions, index => joined?.stopBefore(index))
  joined = joinStreams(streamsOf(built), built.junctions)
  const report = () => reportOf(built, Math.round(performance.now() - started))

  const unwatch = watch(joined, options, report)
  const failure = await joined.ended.finally(unwatch)
  try {
    const unended = await quarantines.end().then(
      () => undefined,
      (error: unknown) => ({ error }),
    )
    // The failure that came first is the one to tell.
    if (failure !== undefined) throw explainFailure(failure, built)
    if (unended !== undefined) throw unended.error
    checkLedger(built, quarantines.acknowledged)
  } catch (error) {
    if (error instanceof LeadpipeError) error.report = report()
    throw error
  }
  return report()
}

/** A stream that fails meanwhile does not crash the process: the run finds it destroyed, and why. */
async function checkSink({ source, sink }: RunArguments): Promise<void> {
  if (!(sink instanceof Sink)) return
  const ignore = () => {}
  const streams = [source, sink].filter(part => part instanceof EventEmitter)
  for (const stream of streams) stream.on('error', ignore)
  try {
    await sink.check()
  } finally {
    for (const stream of streams) stream.off('error', ignore)
  }
}

/** Passes on an abort and reports progress; returns what ends both. */
function watch(
  joined: Joined,
  { signal, onProgress, progressInterval = 1_000 }: RunOptions,
  report: () => Report,
): () => void {
  const abort = () => joined.fail(signal?.reason)
  const refuse = (cause: unknown) => {
    const message = `run() options: onProgress failed: ${messageOf(cause)}`
    joined.fail(new LeadpipeError('OPTION', message, { cause }))
  }
  const tick = () => {
    try {
      const shown: unknown = onProgress?.(report())
      if (isThenable(shown)) shown.then(undefined, refuse)
    } catch (cause) {
      refuse(cause)
    }
  }
  signal?.addEventListener('abort', abort, { once: true })
  if (signal?.aborted) abort()
  const timer = onProgress && setInterval(tick, progressInterval)
  return () => {
    signal?.removeEventListener('abort', abort)
    clearInterval(timer)
  }
}
