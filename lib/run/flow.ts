import { LeadpipeError } from '../errors.ts'
import { optionError } from '../model/checkOptions.ts'
import { Operator } from '../operators/kernel/Operator.ts'
import { buildStages } from './buildStages.ts'
import { explainFailure } from './explainFailure.ts'
import { type Joined, joinStreams } from './joinStreams.ts'
import { checkLedger } from './ledger.ts'
import type { Quarantines } from './openQuarantines.ts'
import type { RunOptions } from './options.ts'
import type { Report } from './Report.ts'
import type { RunCheckpoint } from './RunCheckpoint.ts'
import type { RunArguments } from './readArguments.ts'
import { reportOf, type Stages, streamsOf } from './Stages.ts'
import { watch } from './watch.ts'
import { whenAborted } from './whenAborted.ts'

/** What a run is made of. */
export interface RunParts {
  given: RunArguments
  options: RunOptions
  quarantines: Quarantines
  checkpoint: RunCheckpoint | undefined
  /** Lets another run use source and sink; called where they were not touched. */
  release(): void
}

/** Runs the stages from the first lead (or the mark that is gone on from) to the last. */
export async function flow({ given, options, quarantines, checkpoint, release }: RunParts): Promise<Report> {
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
