import { patience, within } from '../async/promises.ts'
import { LeadpipeError } from '../errors.ts'
import { endingOf } from './OpenSink.ts'
import type { OpenedRun } from './openRun.ts'
import { type Report, RunError } from './Report.ts'
import { reportOf } from './reportOf.ts'

/**
 * Ends a run that failed or was aborted: saves its progress, and closes everything.
 *
 * @param error the reason
 * @param isLooping whether the loop was running: values that operators emit at their end can't be saved
 * @param signal the signal that may abort the run
 * @returns the error for the user: a RunError, or the reason itself after an abort, and if it is not a LeadpipeError
 */
export async function fail(
  run: OpenedRun,
  error: unknown,
  isLooping: boolean,
  signal?: AbortSignal,
): Promise<unknown> {
  const { stages, source, chain, sinks, progress, saver, waiter } = run
  const known = waiter.interruption?.reason === error || error === chain.failure?.error
  const reason = known ? error : stages.explainSource(error)
  const report = reportOfFailed(run)
  // A failure from here on is not the reason.
  waiter.interrupt(reason)
  // A save that is still in progress may succeed later.
  const isResumable =
    saver !== undefined &&
    (!(await within(patience, isLooping && progress.batch !== undefined ? saveDone(run) : saver.idle())) ||
      saver.hasSaved)
  const kept = saver === undefined ? undefined : reportOfFailed(run)
  chain.stop()
  await source.close(progress.batch, progress.processed).catch(() => {})
  for (const open of sinks) await open.end(isResumable ? 'leave' : endingOf(open.sink))
  const attachments = [stages.source, ...stages.sinks.map(sink => sink.attachment), ...stages.faces]
  await Promise.all(attachments.map(part => part.close(false)))
  const isAbort = signal?.aborted && reason === signal.reason
  if (isAbort || !(reason instanceof LeadpipeError) || report === undefined) return reason
  if (saver === undefined) return new RunError(reason, report)
  // What the last save made durable is acknowledged, too.
  const { records, sink } = kept ?? report
  const acknowledged = records === undefined ? {} : { records }
  return new RunError(reason, { ...report, ...acknowledged, sink, checkpoint: saver.facts })
}

/** Saves the state after the last record that was processed. */
async function saveDone({ chain, progress, saver }: OpenedRun): Promise<void> {
  if (chain.failure === undefined) await chain.idle()
  if (chain.failure !== undefined) {
    // The current record failed. A save in progress completes in any case.
    if (!chain.undo()) return saver?.idle()
    progress.processed -= 1
  }
  await saver?.save(progress)
}

/** The numbers up to a failure; undefined if an operator's `counts` throws. */
function reportOfFailed(run: OpenedRun): Report | undefined {
  try {
    return reportOf(run)
  } catch {
    return undefined
  }
}
