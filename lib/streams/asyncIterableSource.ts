import type { Batch, SourceRun, SourceStage } from '../stage/SourceStage.ts'
import { batchOf } from './batchOf.ts'

/** Any async iterable as a source. A value is asked for when the one before is through: each may cost the user something. */
export function asyncIterableSource(iterable: AsyncIterable<unknown>): SourceStage {
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

  /** Nobody waits for what an iterator does at its end: it may hang on a value that never comes. */
  async close(): Promise<void> {
    if (this.#isOver) return
    this.#isOver = true
    const ending = async () => this.#iterator?.return?.()
    ending().catch(() => {})
  }

  readonly #result = ({ done, value }: IteratorResult<unknown>): Batch<unknown> | undefined => {
    if (done) {
      this.#isOver = true
      return undefined
    }
    if (value === null) throw new TypeError("it gave null, which a Node stream can't carry")
    return batchOf([value])
  }
}
