import { isThenable } from '../async/isThenable.ts'
import type { Batch, SourceRun, SourceStage } from '../stage/SourceStage.ts'
import { batchOf } from './batchOf.ts'

/** Few enough that a run notices an abort, enough that a batch costs next to nothing a value. */
const batchLength = 64

/** Any iterable as a source. Values are pulled one at a time, when the value before is through. */
export function iterableSource(iterable: Iterable<unknown>): SourceStage {
  return { name: 'iterable', open: () => new IterableRun(iterable) }
}

class IterableRun implements SourceRun {
  readonly #iterable: Iterable<unknown>
  #iterator: Iterator<unknown> | undefined
  #isOver = false
  /** A promise that the iterable gave, which is a batch of its own. */
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

  /** What an iterator does at its end is of no interest any more. */
  async close(): Promise<void> {
    if (this.#isOver) return
    this.#isOver = true
    try {
      this.#iterator?.return?.()
    } catch {}
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

/** A null would end a Readable: all sources are treated alike. */
function notNull(value: unknown): unknown {
  if (value === null) throw new TypeError("it gave null, which a Node stream can't carry")
  return value
}
