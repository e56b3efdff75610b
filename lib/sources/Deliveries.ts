import { Rejected } from '../stage/Rejected.ts'
import type { Batch } from '../stage/SourceStage.ts'
import type { Json } from '../stage/Stage.ts'
import type { Item, PageBatch } from './readStretch.ts'

/** A place in a list. */
export interface ListPlace<Cursor> {
  readonly cursor: Cursor
  /** Records that came up to there, those before a restart included. */
  readonly delivered: number
}

/** Knows which items of the batches that were given are delivered, and the place behind the last one. */
export class Deliveries<T, Cursor> {
  readonly #counts: { delivered: number; rejected: number }
  readonly #positionOf: (place: ListPlace<Cursor>) => Json
  #place: ListPlace<Cursor>
  /** The batch that was given last, its items, and how many of them are delivered. */
  #given: Batch<T> | undefined
  #items: readonly Item<T, Cursor>[] = []
  #taken = 0

  /** @param start the place before the first item */
  constructor(
    counts: { delivered: number; rejected: number },
    start: ListPlace<Cursor>,
    positionOf: (place: ListPlace<Cursor>) => Json,
  ) {
    this.#counts = counts
    this.#place = start
    this.#positionOf = positionOf
  }

  /** The place behind the last item that was delivered. */
  get place(): ListPlace<Cursor> {
    return this.#place
  }

  /** The next batch for the caller, default: an empty one. All items of the one before are delivered. */
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

  /** All items of the batch at hand are delivered. */
  finish(): void {
    this.deliver(this.#given, this.#items.length)
  }

  /** No more of the batch at hand is delivered. Returns how many of its items are left. */
  drop(): number {
    const left = this.#items.length - this.#taken
    this.#items = []
    this.#taken = 0
    return left
  }

  /** Counts the first `taken` items of a batch. Of one that another one followed, every item counts already. */
  deliver(batch: Batch<T> | undefined, taken: number): void {
    if (batch !== this.#given) return
    for (const { value, cursor } of this.#items.slice(this.#taken, taken)) {
      const isRecord = !(value instanceof Rejected)
      this.#counts[isRecord ? 'delivered' : 'rejected'] += 1
      this.#place = { cursor, delivered: this.#place.delivered + (isRecord ? 1 : 0) }
      this.#taken += 1
    }
  }
}
