import type { SideSinks } from './writableSink.ts'

/**
 * The protocol between `run` and one of leadpipe's own streams, while the run uses the stage behind the stream. The
 * symbol is private to leadpipe.
 */
export const attach: unique symbol = Symbol('leadpipe.attach')

/** The stage behind one of leadpipe's own streams. */
export const stage: unique symbol = Symbol('leadpipe.stage')

/** The one use of one of leadpipe's own sources. */
export const currentRun: unique symbol = Symbol('leadpipe.currentRun')

/** The position after the last record that was read from one of leadpipe's own sources; undefined before the first. */
export const lastRead: unique symbol = Symbol('leadpipe.lastRead')

/** The recipe of an operator: one entry for each of the operators that it fuses. */
export const recipe: unique symbol = Symbol('leadpipe.recipe')

/** Names the property that tells the compiler operators from sinks; it does not exist at run time. */
export declare const kind: unique symbol

/** A stream whose stage is used by a run. */
export interface Attachment<S> {
  /** The stage. Once it is opened, the stream shows the counts of that use. */
  readonly stage: S
  /** The side outputs of a sink: the code that opens the stage provides a target for each. */
  readonly outputs?: SideSinks
  /** Leaves the stream as it was: the run has not used it. */
  release(): void
  /** The run is ending well: from now on, ending a sink is not an error. */
  finish(): void
  /** The run is over: resolves when the stream is closed. @param isDone whether it ended well: a sink emits 'finish' */
  close(isDone: boolean): Promise<void>
}

/**
 * Called when other code destroys or ends the stream: the run fails.
 *
 * @param error the reason for the destruction, if any
 */
export type Detached = (error: Error) => void
