import { OutgoingMessage } from 'node:http'
import { finished, type Writable } from 'node:stream'
import { prematureClose } from '../async/prematureClose.ts'
import { type Deferred, deferred } from '../async/promises.ts'
import type { Ending, SinkRun, SinkStage } from '../stage/SinkStage.ts'
import { isStandard } from './userStreams.ts'

/**
 * Any Writable as a sink. Standard output and standard error belong to the process: they are never ended.
 *
 * @param takesRecords whether all that is written is known to be records. Default: those in object mode.
 */
export function writableSink(
  writable: Writable,
  takesRecords = writable.writableObjectMode === true,
): SinkStage {
  return { name: 'writable', open: async ({ fail }) => new WritableRun(writable, fail, takesRecords) }
}

/** A Writable that others write to as well: it is never ended. */
export function sharedSink(writable: Writable): SinkStage {
  return {
    name: 'writable',
    async open({ fail }) {
      const run = new WritableRun(writable, fail)
      const release = async () => run.release()
      return { write: record => run.write(record), prepare: async () => {}, commit: release, end: release }
    },
  }
}

/** A stream that a sink has as a side output. */
export interface SideSink {
  /** Ended with the sink, also when the sink fails. */
  readonly sink: Writable
  /** Whether others write to it as well: then it is never ended. */
  readonly isShared: boolean
  /** The user's error for a failure of this stream. */
  readonly explain: (error: unknown) => Error
}

/** Side outputs by their names. */
export type SideSinks = Readonly<Record<string, SideSink>>

/** A side output in a plain pipeline, a stream like any other. */
export interface OpenSide extends SideSink {
  readonly run: SinkRun
  /** Whether anything was written to it. */
  isUsed: boolean
  write(record: unknown): void | Promise<void>
}

/**
 * Opens a side output for a plain pipeline.
 *
 * @param fail called with the user's error when it fails while nobody waits for it
 */
export async function openSide(output: SideSink, fail: (error: unknown) => void): Promise<OpenSide> {
  const { sink, isShared, explain } = output
  const stage = isShared ? sharedSink(sink) : writableSink(sink)
  const run = await stage.open({ at: () => undefined, fail: error => fail(explain(error)) })
  const side: OpenSide = {
    ...output,
    run,
    isUsed: false,
    write(record) {
      side.isUsed = true
      return run.write(record)
    },
  }
  return side
}

const ignore = () => {}

const isChunk = (value: unknown) => typeof value === 'string' || value instanceof Uint8Array

/** One use of a Writable. */
export class WritableRun implements SinkRun {
  readonly #writable: Writable
  readonly #fail: (error: unknown) => void
  readonly #isStandard: boolean
  /** How the Writable ended: with a failure, or well. */
  #over: { failure: unknown } | undefined
  /** Settles when the Writable has room, or has ended. */
  #room: Deferred<void> | undefined
  /** Settles when the Writable has closed, after it was ended. */
  #ending: Deferred<void> | undefined
  #unlisten = () => {}
  readonly #takesRecords: boolean
  #hasChunks = false

  /**
   * @param fail called when the Writable fails or is closed while nobody waits for it
   * @param takesRecords whether strings and bytes are records, too
   */
  constructor(writable: Writable, fail: (error: unknown) => void, takesRecords = true) {
    this.#writable = writable
    this.#takesRecords = takesRecords
    this.#fail = fail
    this.#isStandard = isStandard(writable)
    if (this.#isStandard) {
      const failed = (error: Error) => this.#conclude(error)
      writable.on('error', failed)
      this.#unlisten = () => writable.off('error', failed)
    } else {
      // finished() removes its listeners when it is done; a late error must not crash the process.
      writable.on('error', ignore)
      // The readable half of a Duplex is left to the user.
      this.#unlisten = finished(writable, { readable: false }, error =>
        this.#conclude(error ?? this.#prematureError()),
      )
    }
  }

  write(record: unknown): void | Promise<void> {
    // A write to a closed stream emits no event.
    if (this.#over !== undefined || this.#writable.destroyed || this.#writable.writableEnded)
      throw this.#ended
    if (!this.#takesRecords && isChunk(record)) this.#hasChunks = true
    if (this.#writable.write(record)) return
    const room = deferred()
    this.#room = room
    this.#writable.once('drain', room.resolve)
    return room.promise
  }

  get hasChunks(): boolean {
    return this.#hasChunks
  }

  async prepare(): Promise<undefined> {
    if (this.#over?.failure !== undefined) throw this.#over.failure
    if (this.#isStandard) {
      await new Promise<void>((resolve, reject) => {
        this.#writable.write('', error => (error ? reject(error) : resolve()))
      })
      return
    }
    if (this.#over !== undefined || this.#writable.writableEnded) throw this.#ended
    this.#ending = deferred()
    this.#writable.end()
    await this.#ending.promise
  }

  async commit(): Promise<void> {
    this.#unlisten()
  }

  /** Stops listening, and leaves the Writable open. */
  release(): void {
    this.#unlisten()
    this.#writable.off('error', ignore)
  }

  /** The end of a user's stream is not awaited: it may never come. */
  async end(how: Ending): Promise<void> {
    this.#unlisten()
    this.#over ??= { failure: undefined }
    if (this.#isStandard) return
    if (how !== 'keep') this.#writable.destroy()
    else if (!this.#writable.writableEnded) this.#writable.end()
  }

  get #ended(): unknown {
    return this.#over?.failure ?? this.#writable.errored ?? prematureClose()
  }

  /** finished() reports no error for a stream that was destroyed before its last step, such as a flush to the disk. */
  #prematureError(): Error | undefined {
    const isComplete = this.#writable instanceof OutgoingMessage || this.#writable.writableFinished
    return isComplete ? undefined : prematureClose()
  }

  #conclude(error: Error | undefined): void {
    if (this.#over !== undefined) return
    const failure = error ?? (this.#ending === undefined ? prematureClose() : undefined)
    this.#over = { failure }
    if (failure === undefined) this.#ending?.resolve()
    else if (this.#ending !== undefined) this.#ending.reject(failure)
    else {
      this.#room?.reject(failure)
      this.#fail(failure)
    }
  }
}
