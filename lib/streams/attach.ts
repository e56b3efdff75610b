import type { Writable } from 'node:stream'

/**
 * What `run` and a stream of leadpipe's own agree on while the run uses the stage behind the stream. Nobody else knows
 * the symbol.
 */
export const attach: unique symbol = Symbol('leadpipe.attach')

/** The stage behind a stream of leadpipe's own. */
export const stage: unique symbol = Symbol('leadpipe.stage')

/** A stream that a sink writes to besides. */
export interface SideSink {
  /** Ended with the sink, also when that fails. */
  readonly sink: Writable
  /** Whether others write to it as well: then it is never ended. */
  readonly isShared: boolean
  /** What it failed with, as the user is told. */
  readonly explain: (error: unknown) => Error
}

/** Side outputs by their names. */
export type SideSinks = Readonly<Record<string, SideSink>>

/** A stream whose stage a run uses. */
export interface Attachment<S> {
  /** The stage; what it is opened for is the stream's from then on, for its counts. */
  readonly stage: S
  /** The side outputs of a sink: whoever opens the stage gives it something to write to for each. */
  readonly outputs?: SideSinks
  /** Leaves the stream as it was: the run has not used it. */
  release(): void
  /** The run is ending well: a sink that is ended from now on is no surprise. */
  finish(): void
  /** The run is over: resolves when the stream is closed. @param isDone whether it ended well: a sink emits 'finish' */
  close(isDone: boolean): Promise<void>
}

/**
 * Called when somebody else destroys the stream, or ends it: the run fails.
 *
 * @param error what it was destroyed with, if anything
 */
export type Detached = (error: Error) => void
