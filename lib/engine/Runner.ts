import type { Json } from '../stage/Stage.ts'
import type { OperatorCounts } from './definition.ts'
import type { SavedCounts } from './OperatorCounters.ts'

/** What a checkpoint keeps of one operator: plain JSON. */
export interface OperatorState {
  /** The operator's name, so that a state is given back to the operator that it is of. */
  name: string
  /** What its `save` returned; absent for one without. */
  state?: Json
  counts: SavedCounts
}

/** What a checkpoint keeps of a chain: plain JSON. */
export interface ChainState {
  operators: OperatorState[]
  /** Records that it received, and elements that are not records. */
  records: number
  rejected: number
  /** Records that went to the main outlet. */
  passed: number
}

/** What a runner tells its chain. */
export interface RunnerHost {
  /** Something is under way that the next record must wait for. */
  busy(): void
  /** The operator wants no more. */
  done(): void
  fail(error: unknown): void
  /** What must be waited for behind the operator; undefined when nothing. Never rejects. */
  behind(): Promise<void> | undefined
}

/** Takes values. */
export interface Receiver {
  receive(value: unknown): void
}

/** Takes what a runner emits that is not connected yet. */
export const nobody: Receiver = { receive() {} }

/** Runs one operator of a chain. */
export interface Runner extends Receiver {
  /** Says who takes what it emits; before the first value. */
  connect(next: Receiver): void
  readonly definition: { readonly name: string }
  readonly counts: OperatorCounts
  /** Whether it said that it wants no more, here or before a restart. */
  readonly ended: boolean
  /** Begins to emit what the operator held back until the end. */
  flush(): void
  /** Resolves when the next record may come; undefined when it may now. Never rejects. */
  idle(): Promise<void> | undefined
  /** Takes nothing more, and emits nothing more. */
  stop(): void
  save(): OperatorState
  restore(state: OperatorState): void
  /** Keeps what `undo` needs; called before each record of a run with a checkpoint. */
  remember(): void
  /** Forgets what came since `remember`; returns whether that was possible. Nothing is received after that. */
  undo(): boolean
}
