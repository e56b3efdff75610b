import type { Checkpoint } from './Checkpoint.ts'

/** Where a checkpoint is kept. */
export interface CheckpointStore {
  /** Names the checkpoint for people, and in the report. */
  readonly path: string
  /** Names it in a few characters that fit into the name of a file; equal for all processes. */
  readonly key: string
  /** Files that nobody else may write. */
  readonly files: readonly string[]
  /**
   * What was saved last; undefined when nothing was.
   *
   * @throws {LeadpipeError} CHECKPOINT when it can't be read, or is not a checkpoint of this version
   */
  load(): Promise<Checkpoint | undefined>
  /**
   * Saves, whole or not at all, durably.
   *
   * @throws {LeadpipeError} CHECKPOINT when it can't be written; the last one is as it was.
   */
  save(checkpoint: Checkpoint): Promise<void>
  /**
   * Locks the checkpoint for this process; resolves to what releases it.
   *
   * @throws {LeadpipeError} CHECKPOINT when another run holds it
   */
  lock(): Promise<() => Promise<void>>
}
