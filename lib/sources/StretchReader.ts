import type { Condition } from '../async/promises.ts'
import type { PageRequest, Stretch } from '../paging/Pager.ts'
import { Rejected } from '../stage/Rejected.ts'
import type { PageBatch, PageLog, PageSource } from './Page.ts'
import { PageBudget, type ReadAhead } from './ReadAhead.ts'
import { readStretch, type Turn } from './readStretch.ts'

/** What the readers of a list share, and the callbacks of one reader. */
export interface ReaderContext {
  readonly ahead: ReadAhead
  readonly changed: Condition
  /** How many more records the stretch may request. */
  wanted(): number
  /** Called when the stretch was read to its end. */
  ended(): void
}

/**
 * Reads one stretch into a queue. The first reader of a list reads no faster than its batches are taken; those after it
 * read ahead, as far as the budget allows.
 */
export class StretchReader<T, Request extends PageRequest, Cursor> implements Turn {
  readonly stretch: Stretch<T, Request, Cursor>
  /** Whether the stretch is still being read. */
  isReading = true
  /** How many records are read but not taken. A counter, because it is needed for every batch of the list. */
  records = 0
  /** The same for items. */
  #held = 0
  readonly #context: ReaderContext
  readonly #abort = new AbortController()
  #reading: Promise<void> | undefined
  readonly #batches: PageBatch<T, Cursor>[] = []
  #isFirst = false
  /** Whether the last taken batch is still being processed. */
  #isBusy = false
  #taken = 0
  /** The share of the read-ahead budget that the current page takes. */
  #pageBudget: PageBudget
  /** Bytes of complete pages of which no batch has the records yet: the pager holds them until their last part arrives. */
  #carried = 0
  #failure: { error: unknown } | undefined

  constructor(stretch: Stretch<T, Request, Cursor>, context: ReaderContext) {
    this.stretch = stretch
    this.#context = context
    this.#pageBudget = new PageBudget(context.ahead, 0)
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  start(source: PageSource<T, Request>, log: PageLog): void {
    this.#reading = this.#read(source, log)
  }

  /** Estimate of the items that are not taken yet. */
  get remaining(): number {
    return this.isReading ? Math.max(this.#held, this.stretch.expected - this.#taken) : this.#held
  }

  async mayRequest(): Promise<number> {
    const { ahead, changed, wanted } = this.#context
    let reserved = 0
    await changed.until(() => {
      if (this.#isFirst || this.signal.aborted) return true
      reserved = wanted() > 0 ? ahead.reserve() : 0
      return reserved > 0
    })
    // This reader may have become the first meanwhile: then it needs no reservation.
    if (this.#isFirst && reserved > 0) ahead.release(reserved)
    this.#pageBudget = new PageBudget(ahead, this.#isFirst ? 0 : reserved)
    return wanted()
  }

  received(bytes: number): boolean {
    this.#pageBudget.received(bytes)
    return !this.#isFirst && this.#pageBudget.isTooLarge
  }

  endPage(isHeld: boolean): void {
    const bytes = this.#pageBudget.close()
    if (isHeld) this.#carried += bytes
    else this.#context.ahead.release(bytes)
  }

  async untilFirst(): Promise<void> {
    await this.#context.changed.until(() => this.#isFirst || this.signal.aborted)
  }

  /** The next batch, undefined at the end of the stretch. From this call on the reader is the first of the list. */
  async next(): Promise<PageBatch<T, Cursor> | undefined> {
    const { ahead, changed } = this.#context
    if (!this.#isFirst) {
      this.#isFirst = true
      this.#pageBudget.cancelReservation()
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
    ahead.release(batch.bytes)
    return batch
  }

  /** Stops reading. */
  stop(): void {
    this.#abort.abort()
    this.#context.changed.notify()
  }

  /** Stops reading; resolves, when the connection is released, to the number of items that were not taken. */
  async discard(): Promise<number> {
    this.stop()
    await this.#reading
    const unused = this.#held
    this.#held = 0
    this.records = 0
    for (const { bytes } of this.#batches.splice(0)) this.#context.ahead.release(bytes)
    return unused
  }

  /** Never rejects: `next` throws the error once the batches before it are taken. */
  async #read(source: PageSource<T, Request>, log: PageLog): Promise<void> {
    const { changed, ended } = this.#context
    try {
      for await (const batch of readStretch(this.stretch.pager, source, this, log)) {
        this.#pageBudget.batched(batch.bytes)
        this.#batches.push({ ...batch, bytes: batch.bytes + this.#carried })
        this.#carried = 0
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
    this.#context.ahead.release(this.#carried)
    this.#carried = 0
    this.isReading = false
    changed.notify()
  }

  /** Whether the first reader must wait until its batches are taken before it continues. */
  get #mustWait(): boolean {
    // If reading ahead is off, nothing may be read while a batch is being processed.
    return this.#isFirst && (this.#batches.length > 0 || (this.#isBusy && this.#context.ahead.isOff))
  }
}

function recordsIn({ items }: PageBatch<unknown, unknown>): number {
  return items.reduce((sum, { value }) => (value instanceof Rejected ? sum : sum + 1), 0)
}
