import {
  type Checkpoint,
  checkpointError,
  differenceOf,
  type Pipeline,
  startAgain,
} from '../checkpoint/Checkpoint.ts'
import type { CheckpointStore } from '../checkpoint/CheckpointStore.ts'
import type { CheckpointSettings } from '../checkpoint/options.ts'
import type { Json } from '../stage/Stage.ts'
import { openableSinks, type RunCheckpoint } from './openRun.ts'
import type { RunStages } from './RunStages.ts'

/**
 * Loads the checkpoint, if there is one, and decides what the run resumes or follows.
 *
 * @throws {LeadpipeError} CHECKPOINT when it is damaged, when it belongs to another pipeline, when it has finished
 * and `whenFinished` is missing, or when an output of the finished run is gone.
 */
export async function findCheckpoint(
  stages: RunStages,
  pipeline: Pipeline,
  store: CheckpointStore,
  settings: CheckpointSettings,
): Promise<RunCheckpoint> {
  const { whenFinished } = settings
  const found = await store.load()
  const difference = found && differenceOf(...comparable(found, pipeline))
  if (difference !== undefined) {
    const differs = difference.slice(0, difference.indexOf(' was '))
    throw checkpointError(store.path, `it is of another run: ${difference}`, { remedy: startAgain, differs })
  }
  const common = { store, settings, pipeline }
  if (found?.phase !== 'committed') return { ...common, found, follows: undefined }
  switch (whenFinished) {
    case undefined:
      throw checkpointError(store.path, 'its run has finished', {
        remedy: whenFinishedTo(
          "'next' (reads what is new since then), 'restart' (starts again) or 'stop' (does nothing)",
        ),
      })
    case 'stop':
      await checkFinished(stages, found, store)
      return { ...common, found, follows: undefined }
    case 'restart':
      return { ...common, found: undefined, follows: undefined }
    case 'next':
      return {
        ...common,
        found: undefined,
        follows: { last: found, from: following(stages, found, settings) },
      }
  }
}

const whenFinishedTo = (to: string) => ({ owner: 'run()', option: 'checkpoint.whenFinished', to })

/**
 * Two pipelines in a form that can be compared. The versions are compared first: without one, functions are compared by
 * text.
 */
function comparable(
  { pipeline: before, upgraded }: Checkpoint,
  { version, operators, ...rest }: Pipeline,
): [before: unknown, now: unknown] {
  // A checkpoint of version 1 holds no digests of functions.
  const comparedOperators = upgraded ? operators.map(({ functions, ...operator }) => operator) : operators
  return [
    { version: undefined, ...before },
    { version, ...rest, operators: comparedOperators },
  ]
}

function following(
  { source }: RunStages,
  { state }: Checkpoint,
  { path, overlap }: CheckpointSettings,
): Json {
  try {
    return source.stage.following?.(state.source, overlap)
  } catch (error) {
    const remedy = whenFinishedTo("'restart' to start again")
    throw checkpointError(path, (error as Error).message, { remedy })
  }
}

/** Checks that the outputs of a finished run are still there. */
async function checkFinished(stages: RunStages, found: Checkpoint, { path }: CheckpointStore): Promise<void> {
  for (const { id, owner, attachment } of openableSinks(stages, found)) {
    if (owner !== undefined) continue
    const lost = await attachment.stage.find?.(found.state.sinks[id])
    if (lost === undefined) continue
    const remedy = whenFinishedTo("'restart' to export again")
    throw checkpointError(path, `its run has finished, and ${lost}`, { remedy })
  }
}
