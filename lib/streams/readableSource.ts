import { finished, type Readable } from 'node:stream'
import { prematureClose } from '../async/prematureClose.ts'
import { type Deferred, deferred } from '../async/promises.ts'
import {
  type Batch,
  batchOf,
  type SourceOpening,
  type SourceRun,
  type SourceStage,
} from '../stage/SourceStage.ts'

/** Maximum number of values that are read ahead of the run, besides those in the stream's own buffer. */
const mostAhead = 32

/** Any Readable as a source: a batch holds the values since the last one. */
export function readableSource(readable: Readable): SourceStage {
  return { name: 'readable', open: opening => new ReadableRun(readable, opening) }
}

class ReadableRun implements SourceRun {
  readonly #readable: Readable
  readonly #opening: SourceOpening
  #values: unknown[] = []
  #isOver = false
  #isClosed = false
  #failure: { error: unknown } | undefined
  /** Whether `next` is pending: it then reports a failure itself. */
  #isAsked = false
  /** Settles when there is news for the pending `next`. */
  #news: Deferred<void> | undefined

  constructor(readable: Readable, opening: SourceOpening) {
    this.#readable = readable
    this.#opening = opening
    // finished() removes its listeners when it is done; a late error must not crash the process.
    readable.on('error', () => {})
    finished(readable, { writable: false }, error => this.#conclude(error))
    readable.on('data', this.#take)
    readable.pause()
  }

  async next(): Promise<Batch<unknown> | undefined> {
    this.#isAsked = true
    while (this.#values.length === 0 && !this.#isOver) await this.#change()
    this.#isAsked = false
    if (this.#values.length > 0) {
      const items = this.#values
      this.#values = []
      // The run may never call again, since it waits for its sink.
      if (this.#failure !== undefined) setImmediate(this.#tell)
      return batchOf(items)
    }
    if (this.#failure !== undefined) throw this.#failure.error
    return undefined
  }

  save(): undefined {}

  /** The end of the stream does not matter any more; it may never come. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#readable.off('data', this.#take)
    this.#readable.destroy()
  }

  async #change(): Promise<void> {
    this.#news = deferred()
    this.#readable.resume()
    await this.#news.promise
    this.#news = undefined
    // Values of the same turn form one batch: a batch of one costs several times as much per value.
    await new Promise<void>(process.nextTick)
  }

  readonly #tell = () => {
    if (!this.#isClosed) this.#opening.fail(this.#failure?.error)
  }

  readonly #take = (value: unknown) => {
    const count = this.#values.push(value)
    if (count >= mostAhead) this.#readable.pause()
    if (count === 1) this.#news?.resolve()
  }

  #conclude(error: Error | null | undefined): void {
    if (this.#isClosed) return
    // finished() reports no error for a destroyed stream if its buffer happened to be empty.
    const failure = error ?? (this.#readable.readableEnded ? undefined : prematureClose())
    this.#isOver = true
    if (failure !== undefined) this.#failure = { error: failure }
    if (failure !== undefined && !this.#isAsked) this.#tell()
    this.#news?.resolve()
  }
}
