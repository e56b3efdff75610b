import type { Json, Stage, StageRun } from './Stage.ts'

/** A file that a sink replaces as a whole. */
export interface Claim {
  /** As the user named it, its placeholders filled in. */
  readonly path: string
  /** Where it really is: absolute, links followed. */
  readonly target: string
}

/** What a sink is opened with. */
export interface SinkOpening {
  /**
   * Names the checkpoint of the run, in a few characters that fit into the name of a file: what is not complete is kept
   * for the next process. Undefined for a run that is never resumed.
   */
  readonly resumable?: string | undefined
  /** What `flush` or `prepare` gave, before the restart. */
  readonly state?: Json
  /** What `prepare` gave in the finished run that this one follows. */
  readonly previous?: Json
  /** The time that placeholders in names stand for; asked for when the destination is touched first. */
  at(): Date | undefined
  /** Called when the sink fails while nobody waits for it. */
  fail(error: unknown): void
  /**
   * Its side outputs, by their names, each a sink that whoever opens this one drives; written to as sinks are, one record
   * at a time. A failure of theirs reaches the caller in any case.
   */
  readonly outputs?: Readonly<Record<string, Pick<SinkRun, 'write'>>>
}

/** Takes records. */
export interface SinkStage<T = unknown> extends Stage {
  /**
   * Looks whether the destination can be written, and says what it replaces. Changes nothing.
   *
   * @throws {LeadpipeError} SINK when it can't
   */
  claims?(): Promise<readonly Claim[]>
  /**
   * Looks at what is there, and changes nothing: the destination is touched at the first write, flush or prepare.
   *
   * @throws {LeadpipeError} CHECKPOINT when what is there is not what the state says; OPTION when it can't be resumed.
   */
  open(opening: SinkOpening): Promise<SinkRun<T>>
  /**
   * Which output of a finished run is missing or changed, in words that follow "the run had finished, and";
   * undefined when it is all there.
   */
  find?(state: Json): Promise<string | undefined>
}

/** How to end a sink that is not committed. */
export type Ending =
  /** An output: removes what is not complete. */
  | 'discard'
  /** A side output: what was written is kept, under its name. */
  | 'keep'
  /** With a checkpoint: everything stays as it is, for the next process. */
  | 'leave'

/** One use of a sink. */
export interface SinkRun<T = unknown> extends StageRun {
  /** Takes a record. A promise says that there is no room: nothing is written before it settles. */
  write(record: T): void | Promise<void>
  /**
   * A barrier: resolves to the state as of the call, when everything that was written before is durable. Writes may
   * go on meanwhile, or wait. Absent for a sink that can't be resumed.
   *
   * The barriers of its side outputs are taken when it resolves: by then everything is written to them that belongs to
   * the state, and nothing else.
   */
  flush?(): Promise<Json>
  /** Writes the end. Resolves to the state when everything is durable; nothing is visible yet. */
  prepare(): Promise<Json>
  /** Makes everything visible, after `prepare` here or in a process before. Never interrupted. */
  commit(): Promise<void>
  /** Ends a sink that is not committed. May come at any time, and waits for what is under way. */
  end(how: Ending): Promise<void>
  /** Records that it wrote to its side outputs, by their names, those of before a restart included; for the ledger. */
  written?(): Readonly<Record<string, number>>
  /** Where records go, for people; undefined while there is nothing to tell. */
  readonly destination?: string | undefined
}
