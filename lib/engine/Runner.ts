import type { Json } from '../stage/Stage.ts'
import type { OperatorCounts } from './definition.ts'
import type { SavedCounts } from './OperatorCounters.ts'
import type { LineOf } from './Outlet.ts'

/** The state of one operator in a checkpoint: plain JSON. */
export interface OperatorState {
  /** The operator's name, so that a state goes back to the operator that it belongs to. */
  name: string
  /** The return value of its `save`; absent for an operator without one. */
  state?: Json
  counts: SavedCounts
}

/** The state of one branch of a chain in a checkpoint: plain JSON. */
export interface BranchState {
  operators: OperatorState[]
  /** Records, and elements that are not records, that the branch received. */
  records: number
  rejected: number
  /** Records that went to its sink; absent if it has branches. */
  passed?: number
  branches?: BranchState[]
  /** Why the branch was dropped; absent if it was not. */
  dropped?: string
}

/** Events of a chain while nobody waits for it. */
export interface ChainEvents {
  /** An operator wants no more. */
  done(): void
  /** Something failed: an operator, or a sink. */
  failed(error: unknown): void
  /** A branch was dropped. */
  dropped?(): void
}

/** The chain, as a runner sees it. */
export interface RunnerHost {
  /** Something is in progress that the next record must wait for. */
  busy(): void
  /** The operator wants no more. */
  done(): void
  fail(error: unknown): void
  /** The text of a received record; absent if an operator before this one may have changed it. */
  readonly lineOf?: LineOf | undefined
  /** Resolves when all work in later operators and outlets is done; undefined when there is none. Never rejects. */
  workAfter(): Promise<void> | undefined
}

/** Receives values. */
export interface ValueReceiver {
  receive(value: unknown): void
}

/** The receiver of a runner that is not connected yet. */
export const nobody: ValueReceiver = { receive() {} }

/** Runs one operator of a chain. */
export interface Runner extends ValueReceiver {
  /** Sets the receiver of the emitted values; called before the first value. */
  connect(next: ValueReceiver): void
  readonly definition: { readonly name: string }
  readonly counts: OperatorCounts
  /** Whether it has said that it wants no more, in this process or before a restart. */
  readonly ended: boolean
  /** Begins to emit the values that the operator has held back until the end. */
  flush(): void
  /** Resolves when the next record may be received; undefined when that is now. Never rejects. */
  idle(): Promise<void> | undefined
  /** Accepts nothing more, and emits nothing more. */
  stop(): void
  /** @param withState whether the state is needed, and not only the counts */
  save(withState: boolean): OperatorState
  restore(state: OperatorState): void
  /** Stores the state for `undo`; called before each record of a run with a checkpoint. */
  remember(): void
  /** Undoes everything since `remember`; returns whether that was possible. Nothing is received after that. */
  undo(): boolean
}

/** Runs an operator that emits values outside of its steps, too. What it has received must be emitted before a save. */
export interface DrainedRunner extends Runner {
  /** Whether the output of everything that it received is processed. */
  readonly isDrained: boolean
  /** Resolves when that is so. Never rejects. */
  drain(): Promise<void>
}
