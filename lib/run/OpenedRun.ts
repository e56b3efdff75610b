import type { Waiter } from '../async/Waiter.ts'
import type { Chain } from '../engine/Chain.ts'
import type { SourceRun } from '../stage/SourceStage.ts'
import type { OpenSink, RunStages } from './RunStages.ts'
import type { Place, Saver } from './Saver.ts'

/** A run whose stages are open. */
export interface OpenedRun {
  readonly stages: RunStages
  readonly source: SourceRun
  readonly chain: Chain
  readonly sinks: readonly [OpenSink, ...OpenSink[]]
  readonly waiter: Waiter
  readonly place: Place
  /** Saves the checkpoint; undefined without one. */
  readonly saver: Saver | undefined
  /** When it was started, by `performance.now()`. */
  readonly started: number
}
