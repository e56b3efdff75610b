import { jsonText } from '../../formats/formats.ts'
import type { BodyFormat } from './body.ts'

/** Records that are sent together. */
export interface HttpBatch<T> {
  /** How many records of the stream precede it. */
  readonly position: number
  readonly records: readonly T[]
  /** The records as JSON, in the same order. */
  readonly texts: readonly string[]
}

/**
 * Cuts a stream of records into batches, by their number and by the bytes of their body. The batches depend on the
 * records alone, so that a repeated run sends the same bodies.
 */
export class Batcher<T> {
  readonly #format: BodyFormat
  readonly #limits: { readonly records: number; readonly bytes: number }
  #position = 0
  #records: T[] = []
  #texts: string[] = []
  #bytes = 0

  /**
   * @param format the format of the bodies: its own characters count as bytes of a body
   * @param limits the maximum number of records in a batch, and of bytes in its body; a larger record is a batch by
   * itself
   */
  constructor(format: BodyFormat, limits: { records: number; bytes: number }) {
    this.#format = format
    this.#limits = limits
  }

  /** How many records are in the batch that is being filled. */
  get count(): number {
    return this.#records.length
  }

  /**
   * Adds a record. Returns the batches that are full now: none, one, or two if the record does not fit into any batch.
   *
   * @throws {TypeError} when the record has no JSON text.
   */
  add(record: T): HttpBatch<T>[] {
    const text = jsonText(record)
    const size = Buffer.byteLength(text)
    const full: HttpBatch<T>[] = []
    if (this.count > 0 && this.#bytes + this.#format.between.length + size > this.#limits.bytes) {
      full.push(this.#cut())
    }
    this.#append(record, text, size)
    if (this.count === this.#limits.records || this.#bytes >= this.#limits.bytes) full.push(this.#cut())
    return full
  }

  /** How many records precede the batch that is being filled, and the texts of the records in it. */
  get progress(): { position: number; held: readonly string[] } {
    return { position: this.#position, held: this.#texts }
  }

  /** Resumes from the `progress` of another batcher with the same limits. To be called before the first record. */
  resume(position: number, held: readonly string[]): void {
    this.#position = position
    for (const text of held) this.#append(JSON.parse(text), text, Buffer.byteLength(text))
  }

  /** Cuts the batch that is being filled, even if it is not full; undefined if it is empty. */
  cut(): HttpBatch<T> | undefined {
    return this.count === 0 ? undefined : this.#cut()
  }

  #append(record: T, text: string, size: number): void {
    const { before, between, after } = this.#format
    this.#bytes += size + (this.count === 0 ? before.length + after.length : between.length)
    this.#records.push(record)
    this.#texts.push(text)
  }

  #cut(): HttpBatch<T> {
    const batch = { position: this.#position, records: this.#records, texts: this.#texts }
    this.#position += this.count
    this.#records = []
    this.#texts = []
    this.#bytes = 0
    return batch
  }
}

/** The two halves of a batch of two records or more, in order. */
export function halves<T>({ position, records, texts }: HttpBatch<T>): [HttpBatch<T>, HttpBatch<T>] {
  const middle = Math.ceil(records.length / 2)
  return [
    { position, records: records.slice(0, middle), texts: texts.slice(0, middle) },
    { position: position + middle, records: records.slice(middle), texts: texts.slice(middle) },
  ]
}
