import { Condition } from '../async/promises.ts'
import { type PageMessage, pageChannel } from '../observe/channels.ts'
import type { PageRequest, Plan, Stretch } from '../paging/Pager.ts'
import { ReadAhead } from './ReadAhead.ts'
import type { Item, PageBatch, PageLog, PageSource } from './readStretch.ts'
import { noCounts, type PageCounts, type SourceCounts } from './SourceCounts.ts'
import { StretchReader } from './StretchReader.ts'

/** What a list is read with. */
export interface OrderedReaderOptions<T, Request extends PageRequest, Cursor> {
  readonly plan: Plan<T, Request, Cursor>
  readonly source: PageSource<T, Request>
  /** Stretches that may be read at the same time, once a page has shown that there is more than one. Default: 1. */
  readonly width?: number
  /** Bytes of bodies, decompressed, that may be held of what is read ahead. Default: 0. */
  readonly readAheadBytes?: number
  /** How many more records the caller takes, besides those that it got. Default: any. */
  wanted?(): number
  /** What is counted; default: counts of its own. */
  readonly counts?: PageCounts & Pick<SourceCounts, 'unused'>
}

/** Reads the stretches of a list, several at the same time, and gives what they bring in the order of the list. */
export class OrderedReader<T, Request extends PageRequest, Cursor> {
  readonly #plan: Plan<T, Request, Cursor>
  readonly #source: PageSource<T, Request>
  readonly #width: number
  readonly #wanted: () => number
  readonly #counts: PageCounts & Pick<SourceCounts, 'unused'>
  readonly #log: PageLog
  readonly #ahead: ReadAhead
  /** Notified whenever a reader may go on: a batch came or was taken, bytes were given back, the first one changed. */
  readonly #changed = new Condition()
  /** In the order of the list: what the first one brings is given. */
  #readers: StretchReader<T, Request, Cursor>[] = []
  #isWide = false
  #isStopped = false
  #discarding: Promise<void> = Promise.resolve()

  constructor(options: OrderedReaderOptions<T, Request, Cursor>) {
    const { plan, source, width = 1, readAheadBytes = 0, wanted, counts = noCounts() } = options
    this.#plan = plan
    this.#ahead = new ReadAhead(readAheadBytes, () => this.#changed.notify())
    this.#source = {
      ...source,
      ask: (request, signal) => {
        // What the page before has told may let others begin.
        this.#fill()
        return source.ask(request, signal)
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
        this.#ahead.measure(bytes)
      },
    }
    this.#width = readAheadBytes > 0 ? width : 1
    this.#wanted = wanted ?? (() => Number.POSITIVE_INFINITY)
    this.#counts = counts
  }

  /** What the list brings next, undefined at its end. The caller is through with the batch before. */
  async next(): Promise<PageBatch<T, Cursor> | undefined> {
    for (;;) {
      this.#fill()
      const [first] = this.#readers
      if (first === undefined) return undefined
      const batch = await first.next()
      if (batch !== undefined) return this.#joined(first.stretch, batch)
      if (this.#isStopped) return undefined
      this.#readers.shift()
      if (this.#plan.done(first.stretch) === 'discard') await this.discard()
    }
  }

  /** Ends the reading at once: no request is sent any more. */
  stop(): void {
    this.#isStopped = true
    for (const reader of this.#readers) reader.stop()
  }

  /** Drops what was read ahead; resolves when its connections are released, also those of a call before. */
  discard(): Promise<void> {
    // At once: what is planned from now on is not to be dropped.
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

  /** Ends the reading; resolves when everything is released. */
  async close(): Promise<void> {
    this.stop()
    this.#plan.close?.()
    await this.discard()
  }

  /** Without what came with a stretch in front. */
  #joined(
    stretch: Stretch<T, Request, Cursor>,
    { items, bytes }: PageBatch<T, Cursor>,
  ): PageBatch<T, Cursor> {
    const plan = this.#plan
    if (plan.join === undefined) return { items, bytes }
    const joined: Item<T, Cursor>[] = []
    for (const item of items) {
      const cursor = plan.join(stretch, item.cursor)
      if (cursor !== undefined) joined.push(cursor === item.cursor ? item : { ...item, cursor })
    }
    this.#counts.dropped += items.length - joined.length
    return { items: joined, bytes }
  }

  /** Begins stretches as long as more may be read at the same time. */
  #fill(): void {
    const width = this.#isWide ? this.#widthNow : 1
    // Stretches that are read and not given yet hold their records: there is an end to their number, too.
    const most = width === 1 ? 1 : 4 * width
    while (!this.#isStopped) {
      const reading = this.#readers.filter(({ isReading }) => isReading).length
      const isFull = this.#readers.length >= most || reading >= width
      // What comes in front of everything else is read whatever is going on: nothing behind it may be given.
      const first = this.#readers[0]?.stretch.place ?? Number.POSITIVE_INFINITY
      const isNext = (this.#plan.place ?? Number.POSITIVE_INFINITY) < first
      if (isFull && !isNext) return
      const expected = isNext ? 0 : this.#readers.reduce((sum, { rest }) => sum + rest, 0)
      // The first one needs no room: the others share it.
      const pages = this.#ahead.pages / Math.max(1, this.#widthNow - 1)
      const stretch = this.#plan.next(this.#wanted() - expected, pages)
      if (stretch === undefined) return
      const reader = this.#readerOf(stretch)
      this.#readers.push(reader)
      this.#readers.sort((a, b) => a.stretch.place - b.stretch.place)
      reader.start(this.#source, this.#log)
    }
  }

  #readerOf(stretch: Stretch<T, Request, Cursor>): StretchReader<T, Request, Cursor> {
    const reader: StretchReader<T, Request, Cursor> = new StretchReader(stretch, {
      ahead: this.#ahead,
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

  /** How many records a stretch may ask for: those that were read in front of them are sure to be given. */
  #wantedOf(reader: StretchReader<T, Request, Cursor>): number {
    const upTo = this.#readers.indexOf(reader) + 1
    return this.#wanted() - this.#readers.slice(0, upTo).reduce((sum, { records }) => sum + records, 0)
  }

  /** How many stretches may be read at the same time, if there is more than one. */
  get #widthNow(): number {
    const { pagesEach } = this.#plan
    if (pagesEach === undefined) return this.#width
    return Math.max(1, Math.min(this.#width, Math.floor(this.#ahead.pages / pagesEach)))
  }
}
