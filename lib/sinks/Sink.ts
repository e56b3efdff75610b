import { Writable, type WritableOptions } from 'node:stream'
import { type ErrorContext, LeadpipeError } from '../errors.ts'
import { closedError } from './closedError.ts'

/** What a sink counted; each number has a counter of its own, for the ledger. */
export interface SinkCounts {
  /** Records that reached it. */
  received: number
  /** Records that are where they belong, durably. */
  acknowledged: number
  /** Bytes that were written. */
  bytes: number
}

/** Names the property that tells the compiler what a sink takes; it does not exist at run time. */
export declare const flow: unique symbol

/** A sink of leadpipe's own that takes In, or any Writable. */
export type AnySink<In> = Writable & { readonly [flow]?: (value: In) => void }

/** What a sink is told by a run with checkpoints, before anything is written. */
export interface Continuation {
  /** What the sink gave to a mark's `durable`, or to `complete`, before the restart; undefined at the first start. */
  state: unknown
  /** What it gave to `complete` in the run for the window of time before, where this one follows that. */
  last?: unknown
  /**
   * The sink calls it, once, when every record is written and durable, before the destination is put in its
   * place; it goes on when the promise resolves. A sink that was complete when it was interrupted is not written
   * to again: it only does what was left.
   */
  complete(state: unknown): Promise<void>
}

/**
 * A destination of leadpipe's own: an object-mode Writable that counts. It touches its destination at the
 * first write or at the end, never when it is made.
 *
 * A sink that can be continued after a restart has an `identity`, and takes a `Mark` among its records.
 */
export abstract class Sink<In> extends Writable {
  /** What the sink takes; exists for the compiler only. */
  declare readonly [flow]?: (value: In) => void
  /** What was counted so far, before a restart included. */
  abstract readonly counts: Readonly<SinkCounts>
  /**
   * What must be the same after a restart, as plain JSON: where it writes, and how. Undefined for a sink that
   * can't be continued.
   */
  readonly identity: Readonly<Record<string, unknown>> | undefined

  /**
   * Where records go, for people: of a file, the absolute path where links lead, its placeholders filled in, from when
   * it is begun; of a receiver, the URL without its query. Undefined where there is nothing to tell.
   */
  get destination(): string | undefined {
    return undefined
  }

  constructor(options?: Omit<WritableOptions, 'objectMode'>) {
    super({ ...options, objectMode: true })
  }

  /**
   * Looks whether the destination can be written, without changing anything; `run` calls it before the first
   * request.
   *
   * @throws {LeadpipeError} SINK when it can't.
   */
  async check(): Promise<void> {}

  /**
   * Prepares for a run with checkpoints; called after `check`, before the first write, on a sink with an
   * identity. Looks at what is there, and changes nothing yet.
   *
   * @throws {LeadpipeError} CHECKPOINT when what is there is not what the state says.
   */
  async continueFrom(_continuation: Continuation): Promise<void> {}

  /**
   * Looks whether what a finished run wrote is still there. Default: there is nothing to look at.
   *
   * @param state what the sink gave to `complete`
   * @returns the path of a file that is not there any more; else undefined
   * @throws {LeadpipeError} CHECKPOINT when the state can't be read.
   */
  async lostOutput(_state: unknown): Promise<string | undefined> {
    return undefined
  }

  /**
   * What a sink fails with that is destroyed after its last record and before its end, where somebody listens:
   * who waits for such a stream takes it for finished, and is to be told.
   */
  protected closedEarly(): Error | undefined {
    if (!this.writableEnded || this.writableFinished || this.listenerCount('error') === 0) return undefined
    return closedError()
  }

  /**
   * What a record fails with that comes although a process that has ended wrote everything.
   *
   * @param complete says that, for example "leads.ndjson is complete already"
   */
  protected lateRecord(complete: string, context: ErrorContext): LeadpipeError {
    const message = `${complete}, and a record came: the checkpoint is not of this run`
    return new LeadpipeError('CHECKPOINT', message, { context })
  }

  /** What a mark fails with that comes to a sink which nobody told to continue. */
  protected strayMark(where: string): LeadpipeError {
    return new LeadpipeError('CHECKPOINT', `${where}: a mark came without a checkpoint`)
  }
}
