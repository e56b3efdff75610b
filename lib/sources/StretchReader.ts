import type { Condition } from '../async/promises.ts'
import type { PageRequest, Stretch } from '../paging/Pager.ts'
import { Rejected } from '../stage/Rejected.ts'
import { PageRoom, type ReadAhead } from './ReadAhead.ts'
import { type PageBatch, type PageLog, type PageSource, readStretch, type Turn } from './readStretch.ts'

/** State that the readers of a list share. */
export interface Shared {
  readonly ahead: ReadAhead
  readonly changed: Condition
  /** How many more records the stretch may ask for. */
  wanted(): number
  /** Called when the stretch was read to its end. */
  ended(): void
}

/**
 * Reads one stretch into a queue. The first reader of a list reads no faster than its records are taken; those after it
 * read ahead, as far as the budget allows.
 */
export class StretchReader<T, Request extends PageRequest, Cursor> implements Turn {
  readonly stretch: Stretch<T, Request, Cursor>
  /** Whether the stretch is still being read. */
  isReading = true
  /** How many records are read but not taken. Counted, since it is asked for with every batch of the list. */
  records = 0
  /** The same for items. */
  #held = 0
  readonly #shared: Shared
  readonly #abort = new AbortController()
  #reading: Promise<void> | undefined
  readonly #batches: PageBatch<T, Cursor>[] = []
  #isFirst = false
  /** Whether the last taken batch is still being processed. */
  #isBusy = false
  #taken = 0
  /** The share of the read-ahead budget that the current page takes. */
  #room: PageRoom
  #failure: { error: unknown } | undefined

  constructor(stretch: Stretch<T, Request, Cursor>, shared: Shared) {
    this.stretch = stretch
    this.#shared = shared
    this.#room = new PageRoom(shared.ahead, 0)
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  start(source: PageSource<T, Request>, log: PageLog): void {
    this.#reading = this.#read(source, log)
  }

  /** Estimate of the items still to come. */
  get rest(): number {
    return this.isReading ? Math.max(this.#held, this.stretch.expected - this.#taken) : this.#held
  }

  async mayAsk(): Promise<number> {
    const { ahead, changed, wanted } = this.#shared
    let booked = 0
    await changed.until(() => {
      if (this.#isFirst || this.signal.aborted) return true
      booked = wanted() > 0 ? ahead.book() : 0
      return booked > 0
    })
    // It may have become the first meanwhile: then nothing is reserved.
    if (this.#isFirst && booked > 0) ahead.give(booked)
    this.#room = new PageRoom(ahead, this.#isFirst ? 0 : booked)
    return wanted()
  }

  came(bytes: number): boolean {
    this.#room.came(bytes)
    return !this.#isFirst && this.#room.isTooLarge
  }

  endPage(): void {
    this.#room.close()
  }

  async untilFirst(): Promise<void> {
    await this.#shared.changed.until(() => this.#isFirst || this.signal.aborted)
  }

  /** The next batch, undefined at the end of the stretch. From this call on the reader is the first of the list. */
  async next(): Promise<PageBatch<T, Cursor> | undefined> {
    const { ahead, changed } = this.#shared
    if (!this.#isFirst) {
      this.#isFirst = true
      this.#room.waive()
    }
    this.#isBusy = false
    changed.notify()
    await changed.until(() => this.#batches.length > 0 || !this.isReading)
    const batch = this.#batches.shift()
    if (batch === undefined) {
      if (this.#failure !== undefined) throw this.#failure.error
      return undefined
    }
    this.#taken += batch.items.length
    this.#held -= batch.items.length
    this.records -= recordsIn(batch)
    this.#isBusy = true
    ahead.give(batch.bytes)
    return batch
  }

  /** Stops reading. */
  stop(): void {
    this.#abort.abort()
    this.#shared.changed.notify()
  }

  /** Stops reading; resolves, when the connection is released, to the number of items that were not taken. */
  async discard(): Promise<number> {
    this.stop()
    await this.#reading
    const unused = this.#held
    this.#held = 0
    this.records = 0
    for (const { bytes } of this.#batches.splice(0)) this.#shared.ahead.give(bytes)
    return unused
  }

  /** Never rejects: `next` throws the error once the batches before it are taken. */
  async #read(source: PageSource<T, Request>, log: PageLog): Promise<void> {
    const { changed, ended } = this.#shared
    try {
      for await (const batch of readStretch(this.stretch.pager, source, this, log)) {
        this.#room.batched(batch.bytes)
        this.#batches.push(batch)
        this.#held += batch.items.length
        this.records += recordsIn(batch)
        changed.notify()
        await changed.until(() => !this.#mustWait || this.signal.aborted)
        if (this.signal.aborted) break
      }
      this.isReading = false
      if (!this.signal.aborted) ended()
    } catch (error) {
      this.#failure = { error }
    }
    this.isReading = false
    changed.notify()
  }

  /** Whether the first reader must wait until its batches are taken before it reads on. */
  get #mustWait(): boolean {
    // If reading ahead is off, nothing may be read while a batch is being processed.
    return this.#isFirst && (this.#batches.length > 0 || (this.#isBusy && this.#shared.ahead.isNone))
  }
}

function recordsIn({ items }: PageBatch<unknown, unknown>): number {
  return items.reduce((sum, { value }) => (value instanceof Rejected ? sum : sum + 1), 0)
}
