import { Rejected } from '../stage/Rejected.ts'
import type { Batch } from '../stage/SourceStage.ts'
import type { Json } from '../stage/Stage.ts'
import type { Item, PageBatch } from './readStretch.ts'

/** A position in a list. */
export interface ListPlace<Cursor> {
  readonly cursor: Cursor
  /** Records delivered up to this position, including those before a restart. */
  readonly delivered: number
}

/** Tracks which items of the emitted batches are delivered, and the position after the last one. */
export class DeliveredItems<T, Cursor> {
  readonly #counts: { delivered: number; rejected: number }
  readonly #positionOf: (place: ListPlace<Cursor>) => Json
  #place: ListPlace<Cursor>
  /** The last emitted batch, its items, and how many of them are delivered. */
  #given: Batch<T> | undefined
  #items: readonly Item<T, Cursor>[] = []
  #taken = 0

  /** @param start the position before the first item */
  constructor(
    counts: { delivered: number; rejected: number },
    start: ListPlace<Cursor>,
    positionOf: (place: ListPlace<Cursor>) => Json,
  ) {
    this.#counts = counts
    this.#place = start
    this.#positionOf = positionOf
  }

  /** The position after the last delivered item. */
  get place(): ListPlace<Cursor> {
    return this.#place
  }

  /** The next batch for the caller, default: an empty one. Marks all items of the previous batch as delivered. */
  give({ items, bytes }: PageBatch<T, Cursor> = { items: [], bytes: 0 }): Batch<T> {
    this.finish()
    const start = this.#place
    this.#items = items
    this.#taken = 0
    this.#given = {
      items: items.map(({ value }) => value),
      bytes,
      positionAfter: taken => {
        const records = items.slice(0, taken).filter(({ value }) => !(value instanceof Rejected)).length
        const { cursor } = items[taken - 1] ?? start
        return this.#positionOf({ cursor, delivered: start.delivered + records })
      },
    }
    return this.#given
  }

  /** Marks all items of the current batch as delivered. */
  finish(): void {
    this.deliver(this.#given, this.#items.length)
  }

  /** Drops the items of the current batch that are not delivered. Returns how many there were. */
  drop(): number {
    const left = this.#items.length - this.#taken
    this.#items = []
    this.#taken = 0
    return left
  }

  /** Counts the first `taken` items of a batch as delivered. A batch before the current one is counted already. */
  deliver(batch: Batch<T> | undefined, taken: number): void {
    if (batch !== this.#given) return
    const items = this.#items.slice(this.#taken, taken)
    const last = items.at(-1)
    if (last === undefined) return
    const rejected = items.filter(({ value }) => value instanceof Rejected).length
    const delivered = items.length - rejected
    this.#counts.delivered += delivered
    this.#counts.rejected += rejected
    this.#place = { cursor: last.cursor, delivered: this.#place.delivered + delivered }
    this.#taken += items.length
  }
}
