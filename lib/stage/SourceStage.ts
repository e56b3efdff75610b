import type { Rejected } from './Rejected.ts'
import type { Json, Stage, StageRun } from './Stage.ts'

/** Consecutive elements of a source, in order. */
export interface Batch<T> {
  /**
   * Records, and the elements between them that are not records. May be empty: the first batch is, if the source
   * knows its bounds before its first record. Iterated once.
   */
  readonly items: Iterable<T | Rejected>
  /** Bytes of the bodies in which the items arrived. */
  readonly bytes: number
  /**
   * The JSON text of an item as it arrived, in UTF-8 on one line, if an output may contain it in place of the item.
   * These bytes are never written again. Absent if nobody wants them.
   */
  lineOf?(index: number): Uint8Array | undefined
  /**
   * The position after the first `count` items. A pure function: can be called any number of times, in any order,
   * while the batch is referenced. Undefined for a source that can't be resumed there.
   */
  positionAfter(count: number): Json | undefined
}

/** A batch of a source that can't be resumed. */
export const batchOf = <T>(items: Iterable<T | Rejected>): Batch<T> => ({
  items,
  bytes: 0,
  positionAfter: nowhere,
})

const nowhere = () => undefined

/** The arguments for opening a source. */
export interface SourceOpening {
  /** The result of `save`; undefined at the first start. */
  readonly state?: Json
  /** Whether its state will be saved. Default: false. */
  readonly isSaved?: boolean
  /** The path of the checkpoint that contains its state; undefined without one. */
  readonly checkpoint?: string | undefined
  /** The needs of the code that uses the items. */
  readonly wants: {
    /** Whether elements that are not records may be among the items; if not, the first one ends the source. */
    readonly rejected: boolean
    /**
     * Whether records keep the bytes that an output may contain in place of them (`Batch.lineOf`): because some outputs
     * use these, or all of them. Default: they do not.
     */
    readonly lines?: 'some' | 'all' | undefined
    /** Whether each record's own text and location are kept (`originOf`). */
    readonly origins: boolean
    /** Whether items for the source's own operators may be among the items: those that its face has. Default: false. */
    readonly ownItems?: boolean
  }
  /** Called when the source fails while nobody waits for a batch. */
  fail(error: unknown): void
}

/** An option because of which a source lacks something. */
export interface Lack {
  /** The owner and the name of the option that is wrong. */
  readonly owner: string
  readonly option: string
  /** The value that is needed, in words, and the value that it has. */
  readonly expected: string
  readonly received: string
}

/** Emits records. */
export interface SourceStage<T = unknown> extends Stage {
  open(opening: SourceOpening): SourceRun<T>
  /**
   * The state of a source that reads the window after a finished run of this one. Absent if nothing can follow.
   *
   * @param overlap milliseconds by which the next window begins before the end of the last one
   * @throws {Error} when that run was not read to its end
   */
  following?(state: Json, overlap: number): Json
  /** Why `following` is absent: the option that is wrong. */
  readonly noneFollows?: Lack
  /** The number of elements that match now, within the bounds of a state. Absent if the server can't count them. */
  count?(state: Json, signal?: AbortSignal): Promise<number>
  /** Why `count` is absent: the option that is wrong. */
  readonly noneCounted?: Lack
  /** Whether its errors explain themselves: they reach the user as they are, instead of being wrapped in SOURCE. */
  readonly explains?: true
  /** The file that it reads: the path that the user gave. */
  readonly reads?: string
  /** The file in which it keeps what it needs during a run, if it has one. */
  readonly kept?: {
    /** @param checkpoint the path of the run's checkpoint; undefined without one */
    pathOf(checkpoint: string | undefined): string | undefined
    /** Removes it, after a run with a checkpoint that has ended well. Can be repeated. */
    remove(checkpoint: string): Promise<void>
  }
  /** Fields of the record that the query excludes. */
  readonly lacks?: Readonly<Record<string, Lack>>
}

/** One use of a source. */
export interface SourceRun<T = unknown> extends StageRun {
  /**
   * The next items, or undefined at the end. The call means that every item of the previous batch was processed.
   * An element that the source refuses (another account, a wrong order) is refused before its batch is returned. A
   * limit cuts the batch.
   */
  next(): Promise<Batch<T> | undefined>
  /**
   * The state that a restart needs after the first `processed` items of a batch, the last one that the caller
   * received; undefined if the source can't be resumed there. Counts those items as delivered. The source may
   * already have read another batch.
   *
   * @param batch undefined before the first
   */
  save(batch: Batch<T> | undefined, processed: number): Json | undefined
  /**
   * Releases everything. Of the last batch that the caller received, `processed` items were used. May be called at
   * any time, also while `next` is pending. Resolves once everything is released. If that may never happen, it resolves
   * immediately.
   */
  close(batch: Batch<T> | undefined, processed: number): Promise<void>
  /** Total number of elements that it delivered; absent for a source that does not count. */
  readonly delivered?: number
  /** The facts about the source for the report. */
  facts?(): Readonly<Record<string, Json>>
  /** The time that represents the run in file names, once it is known. */
  readonly time?: Date | undefined
}
