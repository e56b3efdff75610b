import type { Rejected } from './Rejected.ts'
import type { Json, Stage, StageRun } from './Stage.ts'

/** Some elements of a source, in order. */
export interface Batch<T> {
  /**
   * Records, and elements that are not records in their places. May be empty: so is the first batch of a source whose
   * bounds are known before its first record. Iterated once.
   */
  readonly items: Iterable<T | Rejected>
  /** Bytes of bodies that the items stand for. */
  readonly bytes: number
  /**
   * The position behind the first `taken` items. Pure: any number of times, in any order, while the batch is referenced.
   * Undefined for a source that can't be resumed there.
   */
  positionAfter(taken: number): Json | undefined
}

/** A batch of a source that can't be resumed. */
export const batchOf = <T>(items: Iterable<T | Rejected>): Batch<T> => ({
  items,
  bytes: 0,
  positionAfter: nowhere,
})

const nowhere = () => undefined

/** What a source is opened with. */
export interface SourceOpening {
  /** What `save` gave; undefined at the first start. */
  readonly state?: Json
  /** What is done with the items. */
  readonly wants: {
    /** Elements that are not records may be among the items; otherwise the first one ends the source. */
    readonly rejected: boolean
    /** Each record's own text and place are kept (`originOf`). */
    readonly origins: boolean
  }
  /** Called when the source fails while nobody waits for a batch. */
  fail(error: unknown): void
}

/** Why a field is not in the records. */
export interface Lack {
  /** In words that follow "needs", such as "conversion events, and the query excludes them". */
  readonly why: string
  /** Whose option leaves it out, and its name. */
  readonly owner: string
  readonly option: string
}

/** Gives records. */
export interface SourceStage<T = unknown> extends Stage {
  open(opening: SourceOpening): SourceRun<T>
  /**
   * The state of a source that reads what follows a finished run of this one. Absent where nothing can follow.
   *
   * @param overlap milliseconds by which the next window begins before the end of the last one
   * @throws {Error} when that run was not read to its end
   */
  following?(state: Json, overlap: number): Json
  /** Why `following` is absent: what is wrong with the options. */
  readonly noneFollows?: string
  /** How many elements match now, by the bounds of a state. Absent where that can't be asked. */
  count?(state: Json, signal?: AbortSignal): Promise<number>
  /** Whether its errors say what failed: they reach the user as they are, instead of being wrapped in SOURCE. */
  readonly explains?: true
  /** The file that it reads, as the user named it. */
  readonly reads?: string
  /** Fields of the record that the query leaves out. */
  readonly lacks?: Readonly<Record<string, Lack>>
}

/** One use of a source. */
export interface SourceRun<T = unknown> extends StageRun {
  /**
   * The next items, or undefined at the end. Calling it says that every item of the previous batch was taken. What the
   * source refuses (another account, a wrong order) is refused before the batch is returned; a limit cuts the batch.
   */
  next(): Promise<Batch<T> | undefined>
  /**
   * What a restart needs behind the first `taken` items of a batch, the last one that the caller got; undefined if the
   * source can't be resumed there. Counts those items as taken. Another batch may be ready that the caller does not have
   * yet.
   *
   * @param batch undefined before the first
   */
  save(batch: Batch<T> | undefined, taken: number): Json | undefined
  /**
   * Releases everything; of the last batch that the caller got, `taken` items were used. May be called at any time, also
   * while `next` is pending. Resolves once everything is released. If that may never happen, it resolves immediately.
   */
  close(batch: Batch<T> | undefined, taken: number): Promise<void>
  /** Elements that it delivered, in all; absent for a source that does not count. */
  readonly delivered?: number
  /** What it says of itself in the report. */
  facts?(): Readonly<Record<string, Json>>
  /** The time that stands for the run in names of files, once it is known. */
  readonly time?: Date | undefined
}
