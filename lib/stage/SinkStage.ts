import type { Json, Stage, StageRun } from './Stage.ts'

/** A file that a sink replaces as a whole. */
export interface Claim {
  /** The path that the user gave, with its placeholders filled in. */
  readonly path: string
  /** The real path: absolute, links followed. */
  readonly target: string
}

/** The arguments for opening a sink. */
export interface SinkOpening {
  /**
   * A short name for the checkpoint of the run, which can be part of a file name: incomplete output is kept for the
   * next process. Undefined for a run that is never resumed.
   */
  readonly resumable?: string | undefined
  /** The result of `flush` or `prepare` before the restart. */
  readonly state?: Json
  /** The result of `prepare` in the finished run that this one follows. */
  readonly previous?: Json
  /** The time for placeholders in names; called when the destination is touched for the first time. */
  at(): Date | undefined
  /** Called when the sink fails while nobody waits for it. */
  fail(error: unknown): void
  /**
   * Its side outputs, by their names. Each is a sink that is driven by the code that opens this one. They are
   * written to as sinks are, one record at a time. A failure of a side output always reaches the caller.
   */
  readonly outputs?: Readonly<Record<string, Pick<SinkRun, 'write'>>>
}

/** Receives records. */
export interface SinkStage<T = unknown> extends Stage {
  /** Whether it writes the `line` of a record that has one. Default: false. */
  readonly usesLines?: true
  /**
   * Checks that the destination can be written, and returns the files that it replaces. Changes nothing.
   *
   * @throws {LeadpipeError} SINK when it can't be written
   */
  claims?(): Promise<readonly Claim[]>
  /**
   * Checks the existing output, and changes nothing: the destination is touched at the first write, flush or
   * prepare.
   *
   * @throws {LeadpipeError} CHECKPOINT when the existing output does not fit the state; OPTION when it can't be
   * resumed.
   */
  open(opening: SinkOpening): Promise<SinkRun<T>>
  /**
   * Names the output of a finished run that is missing or changed, in words that follow "the run had finished, and";
   * undefined when all of it is there.
   */
  find?(state: Json): Promise<string | undefined>
}

/** How to end a sink that is not committed. */
export type Ending =
  /** An output: removes what is incomplete. */
  | 'discard'
  /** A side output: keeps what was written, under its final name. */
  | 'keep'
  /** With a checkpoint: everything stays as it is, for the next process. */
  | 'leave'

/** One use of a sink. */
export interface SinkRun<T = unknown> extends StageRun {
  /**
   * Receives a record. A promise means that there is no room: the caller writes nothing more before it settles.
   *
   * @param line the record's JSON text as it arrived, in UTF-8 on one line, if the record is unchanged since then
   */
  write(record: T, line?: Uint8Array): void | Promise<void>
  /**
   * A barrier: resolves to the state as of the call, when everything that was written before is durable. Meanwhile,
   * writes may continue or wait. Absent for a sink that can't be resumed.
   *
   * The barriers of its side outputs follow when it resolves: by then everything that belongs to the state is
   * written to them, and nothing else.
   */
  flush?(): Promise<Json>
  /** Writes the end. Resolves to the state when everything is durable; nothing is visible yet. */
  prepare(): Promise<Json>
  /** Makes everything visible, after `prepare` in this or an earlier process. Never interrupted. */
  commit(): Promise<void>
  /** Ends a sink that is not committed. May be called at any time; waits for the work in progress. */
  end(how: Ending): Promise<void>
  /**
   * Records that it wrote to its side outputs, by their names, those from before a restart included; for the ledger.
   */
  written?(): Readonly<Record<string, number>>
  /** Whether it received text or bytes of which nobody knows how many records they hold. Default: false. */
  readonly hasChunks?: boolean
  /** The destination of the records, for people; undefined while it is unknown. */
  readonly destination?: string | undefined
}
