import type { Checkpoint, Pipeline, Stand } from '../checkpoint/Checkpoint.ts'
import { checkpointError } from '../checkpoint/checkpointError.ts'
import { differenceOf } from '../checkpoint/differenceOf.ts'
import { loadCheckpoint } from '../checkpoint/loadCheckpoint.ts'
import type { CheckpointSettings } from '../checkpoint/options.ts'
import type { LeadSource } from '../source/LeadSource.ts'
import type { SourceState } from '../source/SourceState.ts'
import { nextWindow } from './nextWindow.ts'

/** What a run goes on from. */
export interface FoundCheckpoint {
  /** Undefined for a run that begins. */
  before: Checkpoint | undefined
  /** How the window of time before ended, and where this one begins; undefined for a run that follows none. */
  follows: { last: Stand; from: SourceState } | undefined
}

/**
 * Loads the checkpoint, where there is one, and says what the run goes on from.
 *
 * @throws {LeadpipeError} CHECKPOINT when it is damaged, or of another pipeline.
 */
export async function findCheckpoint(
  source: LeadSource,
  pipeline: Pipeline,
  settings: CheckpointSettings,
): Promise<FoundCheckpoint> {
  const { path, whenFinished } = settings
  const found = await loadCheckpoint(path)
  const difference = found && differenceOf(found.pipeline, pipeline)
  if (difference !== undefined) {
    const hint = 'delete it to begin anew, or give another path'
    throw checkpointError(path, `it is of another run: ${difference}; ${hint}`)
  }
  if (found?.phase !== 'finished' || whenFinished === 'stop') {
    return { before: found, follows: undefined }
  }
  if (whenFinished === 'restart') return { before: undefined, follows: undefined }
  return { before: undefined, follows: { last: found.stand, from: nextWindow(source, found, settings) } }
}
