import { Writable, type WritableOptions } from 'node:stream'

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

/**
 * A destination of leadpipe's own: an object-mode Writable that counts. It touches its destination at the
 * first write or at the end, never when it is made.
 */
export abstract class Sink<In> extends Writable {
  /** What the sink takes; exists for the compiler only. */
  declare readonly [flow]?: (value: In) => void
  /** What was counted so far. */
  abstract readonly counts: Readonly<SinkCounts>

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
}
