import { endIterator, isThenable } from '../async/promises.ts'
import { typeOf } from '../options/checkOptions.ts'
import { plainJson } from '../stage/plainJson.ts'
import type { Batch, SourceOpening, SourceRun } from '../stage/SourceStage.ts'
import type { Json } from '../stage/Stage.ts'
import { streamError } from '../streams/userStreams.ts'

/** Consecutive records of a source of your own. */
export interface SourceBatch<T, P = unknown> {
  /** In their order; may be empty. null is refused, because a Node stream can't carry it. */
  records: readonly T[]
  /** The position after the last of the records, as plain JSON: where `read` continues after a restart. */
  position: P
}

/** What `read` receives. */
export interface ReadOptions<P = unknown> {
  /** The position of the last batch that was saved; undefined at the first start. */
  from: P | undefined
  /** Aborts when the run ends before the source does. Requests that are not ended by it keep the process alive. */
  signal: AbortSignal
}

/** Reads batches, one after the other. The next one is requested when every record of the last one was processed. */
export type Read<T, P = unknown> = (
  options: ReadOptions<P>,
) => AsyncIterable<SourceBatch<T, P>> | Iterable<SourceBatch<T, P>>

/** A place between two batches: plain JSON. */
interface Place {
  /** The position that `read` gave; absent at the beginning. */
  readonly position?: Json
  /** Records before it. */
  readonly delivered: number
}

/** The state of a source that a restart needs: plain JSON. */
export interface OwnSourceState extends Place {
  /** Whether everything was read. */
  readonly ended: boolean
}

class OwnBatch<T> implements Batch<T> {
  readonly items: readonly T[]
  readonly bytes = 0
  readonly before: Place
  readonly after: Place

  constructor(items: readonly T[], before: Place, position: Json) {
    this.items = items
    this.before = before
    this.after = { position, delivered: before.delivered + items.length }
  }

  positionAfter(count: number): Place | undefined {
    if (count === this.items.length) return this.after
    return count === 0 ? this.before : undefined
  }
}

/** Reads a user's own source once. */
export class OwnSourceRun<T> implements SourceRun<T> {
  readonly #name: string
  readonly #read: Read<T>
  readonly #abort = new AbortController()
  #iterator: Iterator<SourceBatch<T>> | AsyncIterator<SourceBatch<T>> | undefined
  readonly #start: Place
  /** The place after the last batch that was read. */
  #place: Place
  #delivered: number
  #isEnded = false

  constructor(name: string, read: Read<T>, { state }: SourceOpening) {
    const { position, delivered = 0 } = (state ?? {}) as Partial<OwnSourceState>
    this.#name = name
    this.#read = read
    this.#start = position === undefined ? { delivered } : { position, delivered }
    this.#place = this.#start
    this.#delivered = delivered
  }

  get delivered(): number {
    return this.#delivered
  }

  facts() {
    return { source: { name: this.#name, delivered: this.#delivered } }
  }

  async next(): Promise<OwnBatch<T> | undefined> {
    this.#delivered = this.#place.delivered
    try {
      this.#iterator ??= this.#iterate()
      const { done, value } = await this.#iterator.next()
      if (!done) return this.#batch(value)
      this.#isEnded = true
      return undefined
    } catch (error) {
      throw streamError('SOURCE', `the source ${JSON.stringify(this.#name)}`, error)
    }
  }

  save(batch: OwnBatch<T> | undefined, processed: number): OwnSourceState | undefined {
    const place = batch === undefined ? this.#start : batch.positionAfter(processed)
    return place && { ...place, ended: this.#isEnded }
  }

  async close(batch: OwnBatch<T> | undefined, processed: number): Promise<void> {
    if (batch !== undefined) this.#delivered = batch.before.delivered + processed
    if (this.#isEnded || this.#abort.signal.aborted) return
    this.#abort.abort()
    endIterator(this.#iterator)
  }

  #iterate(): Iterator<SourceBatch<T>> | AsyncIterator<SourceBatch<T>> {
    const batches = this.#read({ from: this.#start.position, signal: this.#abort.signal })
    const isObject = typeof batches === 'object' && batches !== null
    if (isObject && Symbol.asyncIterator in batches) return batches[Symbol.asyncIterator]()
    if (isObject && Symbol.iterator in batches) return batches[Symbol.iterator]()
    const received = isThenable(batches) ? 'a promise' : typeOf(batches)
    throw new TypeError(`expected read() to return an async iterable (async function*), received ${received}`)
  }

  #batch(given: SourceBatch<T>): OwnBatch<T> {
    const { records, position } = (given ?? {}) as Partial<SourceBatch<T>>
    if (!Array.isArray(records)) {
      const received = Array.isArray(given) ? 'an array' : `records: ${typeOf(records)}`
      throw new TypeError(`expected { records, position } with an array of records, received ${received}`)
    }
    if (position === undefined) throw new TypeError('expected { records, position }, received no position')
    const hole = records.indexOf(null)
    if (hole !== -1) throw new TypeError(`records[${hole}] is null, which a Node stream can't carry`)
    const batch = new OwnBatch<T>(records, this.#place, plainJson(position, 'the position after a batch'))
    this.#place = batch.after
    return batch
  }
}
