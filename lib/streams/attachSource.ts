import { Readable } from 'node:stream'
import { endIterator, isThenable } from '../async/promises.ts'
import { type Batch, batchOf, type SourceRun, type SourceStage } from '../stage/SourceStage.ts'
import { type Attachment, attach, type Detached } from './attach.ts'
import { readableSource } from './readableSource.ts'
import { SourceReadable } from './SourceReadable.ts'

/** The input of `run`: one of leadpipe's own streams, any Readable or web stream, or an iterable. */
export type AnySource = AsyncIterable<unknown> | Iterable<unknown>

/**
 * The stage of a source, for a run. For one of leadpipe's own sources, it is the stage behind the stream. From now on,
 * that stream only listens. Any other Readable or iterable is wrapped in a stage.
 *
 * @param detached called when other code destroys one of leadpipe's own sources
 */
export function attachSource(source: AnySource, detached: Detached): Attachment<SourceStage> {
  if (source instanceof SourceReadable) return source[attach](detached)
  return { stage: stageOf(source), release() {}, finish() {}, async close() {} }
}

function stageOf(source: AnySource): SourceStage {
  if (source instanceof Readable) return readableSource(source)
  if (Symbol.asyncIterator in source) return asyncIterableSource(source)
  // Bytes are one value, as for Readable.from().
  return iterableSource(source instanceof Buffer ? [source] : source)
}

/** Values per batch: few enough that a run notices an abort, enough that a batch costs next to nothing per value. */
const batchLength = 64

/** Any iterable as a source. Values are pulled one at a time, after the previous value was processed. */
function iterableSource(iterable: Iterable<unknown>): SourceStage {
  return { name: 'iterable', open: () => new IterableRun(iterable) }
}

class IterableRun implements SourceRun {
  readonly #iterable: Iterable<unknown>
  #iterator: Iterator<unknown> | undefined
  #isOver = false
  /** A promise that the iterable yielded: its value becomes a batch of one. */
  #promised: PromiseLike<unknown> | undefined

  constructor(iterable: Iterable<unknown>) {
    this.#iterable = iterable
  }

  async next(): Promise<Batch<unknown> | undefined> {
    this.#iterator ??= this.#iterable[Symbol.iterator]()
    if (this.#promised !== undefined) {
      const value = await this.#promised
      this.#promised = undefined
      return batchOf([notNull(value)])
    }
    return this.#isOver ? undefined : batchOf(this.#pull(this.#iterator))
  }

  save(): undefined {}

  async close(): Promise<void> {
    if (this.#isOver) return
    this.#isOver = true
    endIterator(this.#iterator)
  }

  *#pull(iterator: Iterator<unknown>): Generator<unknown> {
    for (let pulled = 0; pulled < batchLength; pulled += 1) {
      const { done, value } = iterator.next()
      if (done) {
        this.#isOver = true
        return
      }
      if (isThenable(value)) {
        this.#promised = value
        return
      }
      yield notNull(value)
    }
  }
}

/**
 * Any async iterable as a source. A value is requested only after the previous one was processed, because a value may
 * be expensive for the user.
 */
function asyncIterableSource(iterable: AsyncIterable<unknown>): SourceStage {
  return { name: 'iterable', open: () => new AsyncIterableRun(iterable) }
}

class AsyncIterableRun implements SourceRun {
  readonly #iterable: AsyncIterable<unknown>
  #iterator: AsyncIterator<unknown> | undefined
  #isOver = false

  constructor(iterable: AsyncIterable<unknown>) {
    this.#iterable = iterable
  }

  next(): Promise<Batch<unknown> | undefined> {
    this.#iterator ??= this.#iterable[Symbol.asyncIterator]()
    return Promise.resolve(this.#iterator.next()).then(this.#result)
  }

  save(): undefined {}

  async close(): Promise<void> {
    if (this.#isOver) return
    this.#isOver = true
    endIterator(this.#iterator)
  }

  readonly #result = ({ done, value }: IteratorResult<unknown>): Batch<unknown> | undefined => {
    if (done) {
      this.#isOver = true
      return undefined
    }
    return batchOf([notNull(value)])
  }
}

/** Refuses null, because it would end a Readable. Every source follows the same rule. */
function notNull(value: unknown): unknown {
  if (value === null) throw new TypeError("it yielded null, which a Node stream can't carry")
  return value
}
