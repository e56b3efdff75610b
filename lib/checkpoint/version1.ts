import type { Json } from '../stage/Stage.ts'
import { type Checkpoint, checkpointError, type OperatorFingerprint } from './Checkpoint.ts'

/*
 * The checkpoints of early versions of leadpipe 0.1. A finished one is read, so that a nightly job survives the
 * upgrade: it holds the time at which the next window begins. In any other phase, the states belong to code that does
 * not exist any more.
 */

interface FileState1 {
  path: string
}

/** A checkpoint of version 1. */
export interface Version1 {
  pipeline: {
    source: Json
    operators: readonly (OperatorFingerprint & { options?: { quarantine?: Json } })[]
    sink: { quarantines?: readonly Json[] }
    version?: string
  }
  /** In version 2: 'running', 'prepared' and 'committed'. */
  phase: 'running' | 'complete' | 'finished'
  /** In version 2: `state`. */
  stand: {
    source: Json
    sink: FileState1 | { runId: string; deadLetter?: FileState1 }
    quarantines: readonly FileState1[]
  }
  report?: Json
  starts: number
  saves: number
}

/**
 * Converts a finished checkpoint of version 1 to the current version.
 *
 * @throws {LeadpipeError} CHECKPOINT when it is not finished
 */
export function upgradeVersion1(path: string, { pipeline, phase, stand, ...rest }: Version1): Checkpoint {
  if (phase !== 'finished') {
    const remedy = 'finish it with the version of leadpipe that began it, or delete it to start again'
    throw checkpointError(path, `it has version 1, and its run is '${phase}', not finished`, { remedy })
  }
  const { quarantines: quarantineFingerprints = [], ...sink } = pipeline.sink
  const sinks: Record<string, Json> = sinkStates(stand.sink)
  let next = 0
  const operators = pipeline.operators.map((operator, index) => {
    if (operator.options?.quarantine === undefined) return operator
    sinks[`operators/${index}/quarantine`] = fileState(stand.quarantines[next] as FileState1)
    const outputs = { quarantine: quarantineFingerprints[next] }
    next += 1
    return { ...operator, outputs }
  })
  return {
    ...rest,
    upgraded: true,
    pipeline: { ...pipeline, operators, sink },
    phase: 'committed',
    state: { source: stand.source, chain: { operators: [], records: 0, rejected: 0, passed: 0 }, sinks },
  }
}

const fileState = (state: FileState1): Json => ({ ...state, temporary: `${state.path}.partial` })

function sinkStates(state: Version1['stand']['sink']): Record<string, Json> {
  if ('path' in state) return { sink: fileState(state) }
  const { deadLetter, ...sink } = state
  return deadLetter === undefined ? { sink } : { sink, 'sink/deadLetter': fileState(deadLetter) }
}
