import { within } from '../async/promises.ts'
import type { Outlet } from '../engine/Outlet.ts'
import { LeadpipeError } from '../errors.ts'
import type { OpenedRun } from './openRun.ts'
import type { OpenSink } from './RunStages.ts'
import { reportOf } from './reportOf.ts'

/** Milliseconds that a run which ends early takes at most to save what is done. */
const patience = 10_000

/**
 * Ends a run that failed, or was aborted: saves what is done, and closes everything.
 *
 * @param error what it failed with
 * @param isLooping whether records were still coming: what operators gave at their end can't be saved
 * @returns what the user is told
 */
export async function fail(run: OpenedRun, error: unknown, isLooping: boolean): Promise<unknown> {
  const { stages, source, chain, sinks, place, saver, waiter } = run
  const known = waiter.interruption?.reason === error || error === chain.failure?.error
  const told = known ? error : stages.explainSource(error)
  addReport(told, run)
  // Whatever fails from here on is not the reason.
  waiter.interrupt(told)
  if (saver !== undefined) {
    await within(patience, isLooping && place.batch !== undefined ? saveDone(run) : saver.idle())
    if (told instanceof LeadpipeError && told.report !== undefined) {
      told.report = { ...told.report, checkpoint: saver.facts }
    }
  }
  chain.stop()
  await source.close(place.batch, place.taken).catch(() => {})
  for (const [index, sink] of sinks.entries()) {
    const how = saver !== undefined ? 'leave' : sink.owner === undefined ? 'discard' : 'keep'
    if (how === 'keep') await keepWaiting(sink, chain.outlet(index)).catch(() => {})
    await sink.run.end(how).catch(() => {})
  }
  const attachments = [stages.source, ...sinks.map(sink => sink.attachment)]
  await Promise.all(attachments.map(part => part.close(false)))
  return told
}

/** Saves behind the last record that is through. */
async function saveDone({ chain, place, saver }: OpenedRun): Promise<void> {
  if (chain.failure === undefined) await chain.idle()
  if (chain.failure !== undefined) {
    // The record at hand failed. A save that is under way comes to its end in any case.
    if (!chain.undo()) return saver?.idle()
    place.taken -= 1
  }
  await saver?.save(place)
}

/** Writes what waits in front of a side output that is kept. */
async function keepWaiting({ run }: OpenSink, outlet: Outlet | undefined): Promise<void> {
  const waiting = outlet?.stop() ?? []
  // A Writable of the user's, which counts nothing, may never have room: it queues what it is given.
  const isOwn = run.counts !== undefined
  if (isOwn) await outlet?.idle()
  for (const record of waiting) {
    const room = run.write(record)
    if (isOwn) await room
    else room?.catch(() => {})
  }
}

/** Adds the numbers to a failure. If they can't be had, since `counts` of an operator throws, it is told without. */
function addReport(failure: unknown, run: OpenedRun): void {
  if (!(failure instanceof LeadpipeError)) return
  try {
    failure.report = reportOf(run)
  } catch {}
}
