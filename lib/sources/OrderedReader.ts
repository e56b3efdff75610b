import { Condition } from '../async/promises.ts'
import { type PageMessage, pageChannel } from '../observe/channels.ts'
import type { PageRequest, Plan, Stretch } from '../paging/Pager.ts'
import type { Item, PageBatch, PageLog, PageSource } from './Page.ts'
import { ReadAhead } from './ReadAhead.ts'
import { noCounts, type PageCounts, type SourceCounts } from './SourceCounts.ts'
import { StretchReader } from './StretchReader.ts'

/** The parts and limits that an {@link OrderedReader} needs. */
export interface OrderedReaderOptions<T, Request extends PageRequest, Cursor> {
  readonly plan: Plan<T, Request, Cursor>
  readonly source: PageSource<T, Request>
  /** Stretches that may be read at the same time, after the first stretch has been read. Default: 1. */
  readonly width?: number
  /** Bytes of decompressed bodies that may be held for pages read ahead. Default: 0. */
  readonly readAheadBytes?: number
  /** How many more records the caller wants, in addition to those it has. Default: no limit. */
  wanted?(): number
  /** The counters to update; default: new ones. */
  readonly counts?: PageCounts & Pick<SourceCounts, 'unused'>
}

/** Reads the stretches of a list, several at the same time, and emits their items in the order of the list. */
export class OrderedReader<T, Request extends PageRequest, Cursor> {
  readonly #plan: Plan<T, Request, Cursor>
  readonly #source: PageSource<T, Request>
  readonly #width: number
  readonly #wanted: () => number
  readonly #counts: PageCounts & Pick<SourceCounts, 'unused'>
  readonly #log: PageLog
  readonly #readAhead: ReadAhead
  /**
   * Notified whenever a reader may continue: a batch was queued or taken, bytes were released, or another reader became
   * the first.
   */
  readonly #changed = new Condition()
  /** In the order of the list: only the items of the first one are emitted. */
  #readers: StretchReader<T, Request, Cursor>[] = []
  #isWide = false
  #isStopped = false
  #discarding: Promise<void> = Promise.resolve()

  constructor(options: OrderedReaderOptions<T, Request, Cursor>) {
    const { plan, source, width = 1, readAheadBytes = 0, wanted, counts = noCounts() } = options
    this.#plan = plan
    this.#readAhead = new ReadAhead(readAheadBytes, () => this.#changed.notify())
    this.#source = {
      ...source,
      fetchPage: (request, signal) => {
        // The previous page may have shown that more stretches can start.
        this.#fill()
        return source.fetchPage(request, signal)
      },
    }
    let pages = 0
    this.#log = {
      counts,
      next() {
        pages += 1
        return pages
      },
      read: (page, leads, bytes) => {
        pageChannel.publish({ page, leads, bytes } satisfies PageMessage)
        this.#readAhead.measure(bytes)
      },
    }
    this.#width = readAheadBytes > 0 ? width : 1
    this.#wanted = wanted ?? (() => Number.POSITIVE_INFINITY)
    this.#counts = counts
  }

  /** The next batch of the list, undefined at its end. The caller has processed the previous batch. */
  async next(): Promise<PageBatch<T, Cursor> | undefined> {
    for (;;) {
      this.#fill()
      const [first] = this.#readers
      if (first === undefined) return undefined
      const batch = await first.next()
      if (batch !== undefined) return this.#withoutDuplicates(first.stretch, batch)
      if (this.#isStopped) return undefined
      this.#readers.shift()
      if (this.#plan.done(first.stretch) === 'discard') await this.discard()
    }
  }

  /** Stops reading at once: no more requests are sent. */
  stop(): void {
    this.#isStopped = true
    for (const reader of this.#readers) reader.stop()
  }

  /** Drops everything that was read ahead; resolves when the connections, and those of earlier calls, are released. */
  discard(): Promise<void> {
    // Synchronously: stretches that are planned from now on must not be dropped.
    const readers = this.#readers
    this.#readers = []
    for (const reader of readers) reader.stop()
    this.#discarding = this.#discarding.then(() => this.#discard(readers))
    return this.#discarding
  }

  async #discard(readers: readonly StretchReader<T, Request, Cursor>[]): Promise<void> {
    for (const unused of await Promise.all(readers.map(reader => reader.discard())))
      this.#counts.unused += unused
  }

  /** Stops reading; resolves when everything is released. */
  async close(): Promise<void> {
    this.stop()
    this.#plan.close?.()
    await this.discard()
  }

  /** Removes the items that an earlier stretch delivered. */
  #withoutDuplicates(
    stretch: Stretch<T, Request, Cursor>,
    { items, bytes }: PageBatch<T, Cursor>,
  ): PageBatch<T, Cursor> {
    const plan = this.#plan
    if (plan.completeCursor === undefined) return { items, bytes }
    const kept: Item<T, Cursor>[] = []
    for (const item of items) {
      const cursor = plan.completeCursor(stretch, item.cursor)
      if (cursor !== undefined) kept.push(cursor === item.cursor ? item : { ...item, cursor })
    }
    this.#counts.dropped += items.length - kept.length
    return { items: kept, bytes }
  }

  /** Starts stretches until as many are being read as may be read at the same time. */
  #fill(): void {
    const width = this.#isWide ? this.#widthNow : 1
    // Stretches that are read but not emitted yet hold their records, so their number is limited as well.
    const maxReaders = width === 1 ? 1 : 4 * width
    while (!this.#isStopped) {
      const reading = this.#readers.filter(({ isReading }) => isReading).length
      const isFull = this.#readers.length >= maxReaders || reading >= width
      // A stretch before all others is always started: nothing after it can be emitted until it is read.
      const first = this.#readers[0]?.stretch.order ?? Number.POSITIVE_INFINITY
      const isNext = (this.#plan.nextOrder ?? Number.POSITIVE_INFINITY) < first
      if (isFull && !isNext) return
      const expected = isNext ? 0 : this.#readers.reduce((sum, { remaining }) => sum + remaining, 0)
      const pages = this.#readAhead.pages / this.#widthNow
      const stretch = this.#plan.next(this.#wanted() - expected, pages)
      if (stretch === undefined) return
      const reader = this.#readerOf(stretch)
      this.#readers.push(reader)
      this.#readers.sort((a, b) => a.stretch.order - b.stretch.order)
      reader.start(this.#source, this.#log)
    }
  }

  #readerOf(stretch: Stretch<T, Request, Cursor>): StretchReader<T, Request, Cursor> {
    const reader: StretchReader<T, Request, Cursor> = new StretchReader(stretch, {
      ahead: this.#readAhead,
      changed: this.#changed,
      wanted: () => this.#wantedOf(reader),
      ended: () => {
        this.#plan.read?.(stretch)
        this.#isWide = true
        this.#fill()
      },
    })
    return reader
  }

  /** How many records a stretch may request: those that were read before them are certain to be emitted. */
  #wantedOf(reader: StretchReader<T, Request, Cursor>): number {
    const end = this.#readers.indexOf(reader) + 1
    return this.#wanted() - this.#readers.slice(0, end).reduce((sum, { records }) => sum + records, 0)
  }

  /** How many stretches may be read at the same time once the first one is read. */
  get #widthNow(): number {
    const { pagesEach } = this.#plan
    if (pagesEach === undefined) return this.#width
    return Math.max(1, Math.min(this.#width, Math.floor(this.#readAhead.pages / pagesEach)))
  }
}
