import { within } from '../async/promises.ts'
import type { Outlet } from '../engine/Outlet.ts'
import { LeadpipeError } from '../errors.ts'
import type { OpenedRun } from './openRun.ts'
import type { OpenSink } from './RunStages.ts'
import { reportOf } from './reportOf.ts'

/** Milliseconds that a run which ends early may take to save its progress. */
const patience = 10_000

/**
 * Ends a run that failed or was aborted: saves its progress, and closes everything.
 *
 * @param error the reason
 * @param isLooping whether the loop was running: values that operators emit at their end can't be saved
 * @returns the error for the user
 */
export async function fail(run: OpenedRun, error: unknown, isLooping: boolean): Promise<unknown> {
  const { stages, source, chain, sinks, progress, saver, waiter } = run
  const known = waiter.interruption?.reason === error || error === chain.failure?.error
  const told = known ? error : stages.explainSource(error)
  addReport(told, run)
  // A failure from here on is not the reason.
  waiter.interrupt(told)
  if (saver !== undefined) {
    await within(patience, isLooping && progress.batch !== undefined ? saveDone(run) : saver.idle())
    if (told instanceof LeadpipeError && told.report !== undefined) {
      told.report = { ...told.report, checkpoint: saver.facts }
    }
  }
  chain.stop()
  await source.close(progress.batch, progress.processed).catch(() => {})
  for (const [index, sink] of sinks.entries()) {
    const how = saver !== undefined ? 'leave' : sink.owner === undefined ? 'discard' : 'keep'
    if (how === 'keep') await keepWaiting(sink, chain.outlet(index)).catch(() => {})
    await sink.run.end(how).catch(() => {})
  }
  const attachments = [stages.source, ...sinks.map(sink => sink.attachment)]
  await Promise.all(attachments.map(part => part.close(false)))
  return told
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

/** Writes the records that wait for a side output that is kept. */
async function keepWaiting({ run }: OpenSink, outlet: Outlet | undefined): Promise<void> {
  const waiting = outlet?.stop() ?? []
  // A user's Writable, which has no counts, may never have room: it queues what it receives.
  const isOwn = run.counts !== undefined
  if (isOwn) await outlet?.idle()
  for (const record of waiting) {
    const room = run.write(record)
    if (isOwn) await room
    else room?.catch(() => {})
  }
}

/** Adds the numbers to a failure. If an operator's `counts` throws, the failure has no numbers. */
function addReport(failure: unknown, run: OpenedRun): void {
  if (!(failure instanceof LeadpipeError)) return
  try {
    failure.report = reportOf(run)
  } catch {}
}
