import { addChanges, type Changes } from '../stage/Changes.ts'
import { Rejected } from '../stage/Rejected.ts'
import type { Batch } from '../stage/SourceStage.ts'
import type { Json } from '../stage/Stage.ts'
import type { Item, PageBatch } from './Page.ts'

/** A position in a list, and the number of records up to it. */
export interface ListProgress<Cursor> {
  readonly cursor: Cursor
  /** Records delivered up to this position, including those before a restart. */
  readonly delivered: number
}

/** The counters that deliveries update: a page that is read again changes nothing in them. */
type DeliveryCounts = Changes & { delivered: number; rejected: number }

/** Tracks which items of the emitted batches are delivered, and the position after the last one. */
export class DeliveredItems<T, Cursor> {
  readonly #counts: DeliveryCounts
  readonly #positionOf: (progress: ListProgress<Cursor>) => Json
  #progress: ListProgress<Cursor>
  /** The last emitted batch, its items, and how many of those are delivered. */
  #batch: Batch<T> | undefined
  #items: readonly Item<T, Cursor>[] = []
  #deliveredItems = 0

  /** @param start the position before the first item */
  constructor(
    counts: DeliveryCounts,
    start: ListProgress<Cursor>,
    positionOf: (progress: ListProgress<Cursor>) => Json,
  ) {
    this.#counts = counts
    this.#progress = start
    this.#positionOf = positionOf
  }

  /** The position after the last delivered item. */
  get progress(): ListProgress<Cursor> {
    return this.#progress
  }

  /** Makes the next batch for the caller; default: an empty one. Marks all items of the previous batch as delivered. */
  emit({ items, bytes }: PageBatch<T, Cursor> = { items: [], bytes: 0 }): Batch<T> {
    this.finish()
    const start = this.#progress
    this.#items = items
    this.#deliveredItems = 0
    this.#batch = {
      items: items.map(({ value }) => value),
      bytes,
      lineOf: index => items[index]?.line,
      positionAfter: count => {
        const records = items.slice(0, count).filter(({ value }) => !(value instanceof Rejected)).length
        const { cursor } = items[count - 1] ?? start
        return this.#positionOf({ cursor, delivered: start.delivered + records })
      },
    }
    return this.#batch
  }

  /** Marks all items of the current batch as delivered. */
  finish(): void {
    this.deliver(this.#batch, this.#items.length)
  }

  /** Drops the items of the current batch that are not delivered. Returns how many there were. */
  drop(): number {
    const left = this.#items.length - this.#deliveredItems
    this.#items = []
    this.#deliveredItems = 0
    return left
  }

  /** Counts the first `count` items of a batch as delivered. A batch before the current one is counted already. */
  deliver(batch: Batch<T> | undefined, count: number): void {
    if (batch !== this.#batch) return
    const items = this.#items.slice(this.#deliveredItems, count)
    const last = items.at(-1)
    if (last === undefined) return
    const rejected = items.filter(({ value }) => value instanceof Rejected).length
    const delivered = items.length - rejected
    this.#counts.delivered += delivered
    this.#counts.rejected += rejected
    for (const { changes } of items) if (changes !== undefined) addChanges(this.#counts, changes)
    this.#progress = { cursor: last.cursor, delivered: this.#progress.delivered + delivered }
    this.#deliveredItems += items.length
  }
}
