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
const maxAhead = 32

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
  #isPending = false
  /** Settles when the pending `next` can continue. */
  #changed: Deferred<void> | undefined

  constructor(readable: Readable, opening: SourceOpening) {
    this.#readable = readable
    this.#opening = opening
    // finished() removes its listeners when it is done; a late error must not crash the process.
    readable.on('error', () => {})
    finished(readable, { writable: false }, error => this.#conclude(error))
    readable.on('data', this.#receive)
    readable.pause()
  }

  async next(): Promise<Batch<unknown> | undefined> {
    this.#isPending = true
    while (this.#values.length === 0 && !this.#isOver) await this.#untilChange()
    this.#isPending = false
    if (this.#values.length > 0) {
      const items = this.#values
      this.#values = []
      // The run may never call again, since it waits for its sink.
      if (this.#failure !== undefined) setImmediate(this.#reportFailure)
      return batchOf(items)
    }
    if (this.#failure !== undefined) throw this.#failure.error
    return undefined
  }

  save(): undefined {}

  /** The end of the stream is not awaited: it may never come. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#readable.off('data', this.#receive)
    this.#readable.destroy()
  }

  async #untilChange(): Promise<void> {
    this.#changed = deferred()
    this.#readable.resume()
    await this.#changed.promise
    this.#changed = undefined
    // Values of the same turn form one batch: a batch of one costs several times as much per value.
    await new Promise<void>(process.nextTick)
  }

  readonly #reportFailure = () => {
    if (!this.#isClosed) this.#opening.fail(this.#failure?.error)
  }

  readonly #receive = (value: unknown) => {
    const count = this.#values.push(value)
    if (count >= maxAhead) this.#readable.pause()
    if (count === 1) this.#changed?.resolve()
  }

  #conclude(error: Error | null | undefined): void {
    if (this.#isClosed) return
    // finished() reports no error for a destroyed stream if its buffer happened to be empty.
    const failure = error ?? (this.#readable.readableEnded ? undefined : prematureClose())
    this.#isOver = true
    if (failure !== undefined) this.#failure = { error: failure }
    if (failure !== undefined && !this.#isPending) this.#reportFailure()
    this.#changed?.resolve()
  }
}
