import type { OperatorMark } from '../model/Mark.ts'

/** What a run is made of, as plain JSON: a checkpoint belongs to a run that is made of the same. */
export interface Pipeline {
  source: Readonly<Record<string, unknown>>
  /** Name and options of each operator. */
  operators: readonly Readonly<Record<string, unknown>>[]
  sink: Readonly<Record<string, unknown>>
  /** The user's word for the functions, which have no JSON. */
  version?: string
}

/** Where each stage stands at a mark: plain JSON. */
export interface Stand {
  source: unknown
  operators: readonly OperatorMark[]
  /** Values that had passed between each two streams. */
  passed: readonly number[]
  sink: unknown
  quarantines: readonly unknown[]
}

/** What a checkpoint file holds. */
export interface Checkpoint {
  pipeline: Pipeline
  /**
   * 'running': a restart goes on from the stand. 'complete': everything is written and durable, and a restart only
   * puts files in their places. 'finished': nothing is left to do.
   */
  phase: 'running' | 'complete' | 'finished'
  stand: Stand
  /** The report of a run that is complete. */
  report?: unknown
  /** How often the run was started. */
  starts: number
  /** How often it was saved, this time included. */
  saves: number
}
