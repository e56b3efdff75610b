import type { Readable } from 'node:stream'
import { onAbort } from '../async/onAbort.ts'
import { type DecodedElement, type ElementDecoder, noDecodeCounts } from '../decode/ElementDecoder.ts'
import type { Element, PageRequest, Pager } from '../paging/Pager.ts'
import type { Changes } from '../stage/Changes.ts'
import type { Rejected } from '../stage/Rejected.ts'
import { PageTimer } from './PageTimer.ts'
import { addPage, addProgress, type PageCounts } from './SourceCounts.ts'

/** An element of a list, and the position after it. */
export interface Item<T, Cursor> {
  readonly value: T | Rejected
  readonly cursor: Cursor
  /** The bytes that an output may contain in place of the value. */
  readonly line?: Uint8Array | undefined
  /** How the value differs from its text; undefined if it does not. */
  readonly changes?: Readonly<Changes> | undefined
}

/** The items that one chunk of a body completes. */
export interface PageBatch<T, Cursor> {
  readonly items: readonly Item<T, Cursor>[]
  /** Size of the items in the decompressed body, in bytes. */
  readonly bytes: number
}

/** A successful answer. */
export interface FetchedPage {
  /** Decompressed. */
  readonly body: Readable
  /** Converts the failure of a body whose beginning does not belong to a list. Default: the failure stays. */
  explain?(error: unknown, beginning: string): unknown
}

/** How the pages of an API are requested and read. */
export interface PageSource<T, Request> {
  /** Scheme, host and port, for messages. */
  readonly origin: string
  /** Sends the request; resolves to a successful answer. */
  fetchPage(request: Request, signal: AbortSignal): Promise<FetchedPage>
  /** @param page the number of the page, from 1 */
  decoder(page: number): ElementDecoder
  /** Converts an element of a page to a record, or to a `Rejected` that says why it is not one. */
  recordOf(element: DecodedElement, request: Request): T | Rejected
  /**
   * Waits after a failure, before the rest of the page is requested.
   *
   * @param failures consecutive failures without any progress, from 1
   * @throws the error itself, if a retry can't help
   */
  backOff(error: unknown, failures: number, signal: AbortSignal, request: Request): Promise<void>
  /** Milliseconds that reading a page may take, not counting the consumer's time. Default: no limit. */
  readonly pageTimeout?: number | undefined
}

/** The page numbers and counters that all stretches of a list share. */
export interface PageLog {
  readonly counts: PageCounts
  /** The number of the next page, from 1. */
  next(): number
  /** Called when a page was read, to its end or as far as needed. */
  read(page: number, elements: number, bytes: number): void
}

/** Bytes of a body that are kept for messages. */
const beginningLength = 4_096

/** A page that is being read. */
export class Page<T, Request extends PageRequest, Cursor> {
  readonly decoder: ElementDecoder
  /** Elements received. */
  received = 0
  /** Whether the rest of the page is not needed. */
  hasEnough = false
  readonly #pager: Pager<T, Request, Cursor>
  readonly #source: PageSource<T, Request>
  readonly #request: Request
  readonly #log: PageLog
  readonly #number: number
  #fetched: FetchedPage | undefined
  /** The first bytes of the body, for messages. */
  #beginning = Buffer.alloc(0)
  #timer: PageTimer | undefined
  #unlisten = () => {}
  #items: Item<T, Cursor>[] = []
  #delivered = 0
  /** The part of the decoder's counts that is already added to the source's. */
  #counted = noDecodeCounts()
  /** Bytes that are already in a batch. */
  #batchedBytes = 0
  #isOver = false

  constructor(
    pager: Pager<T, Request, Cursor>,
    source: PageSource<T, Request>,
    request: Request,
    log: PageLog,
    number: number,
  ) {
    this.decoder = source.decoder(number)
    this.#pager = pager
    this.#source = source
    this.#request = request
    this.#log = log
    this.#number = number
  }

  get bytes(): number {
    return this.decoder.counts.bytes
  }

  get hasItems(): boolean {
    return this.#items.length > 0
  }

  /** Whether the pager may hold elements: some were neither delivered nor replaced by others that were. */
  get isHeld(): boolean {
    return this.received > this.#delivered
  }

  /** Starts the timer of the page. */
  begin(fetched: FetchedPage): void {
    const timer = new PageTimer(this.#source.pageTimeout)
    this.#timer = timer
    this.#fetched = fetched
    this.#unlisten = onAbort(timer.signal, () => fetched.body.destroy(timer.signal.reason))
  }

  /** Keeps the beginning of the body, for messages. */
  readonly see = (chunk: Uint8Array): void => {
    if (this.#beginning.length >= beginningLength) return
    this.#beginning = Buffer.concat([this.#beginning, chunk.subarray(0, beginningLength)])
  }

  /** What a failure means, if not even the beginning of an element was found. */
  explain(error: unknown): unknown {
    if (this.decoder.counts.scanned > 0) return error
    return this.#fetched?.explain?.(error, this.#beginning.toString()) ?? error
  }

  /** Passes the elements of a chunk to the pager. */
  receive(elements: Iterable<DecodedElement>): void {
    for (const element of elements) {
      const value = this.#source.recordOf(element, this.#request)
      this.received += 1
      const { raw, line, changes } = element
      if (this.#pager.take({ value, raw, line, changes }, this.#emit) === 'enough') this.hasEnough = true
    }
    this.#count()
  }

  /** The items delivered since the last call. Pauses the timer of the page until `resume`. */
  takeBatch(): PageBatch<T, Cursor> {
    this.#timer?.pause()
    const batch = { items: this.#items, bytes: this.bytes - this.#batchedBytes }
    this.#items = []
    this.#batchedBytes = this.bytes
    return batch
  }

  resume(): void {
    this.#timer?.resume()
  }

  /** Called when the page is read to its end (`isComplete`), or as far as needed. */
  finish(isComplete: boolean): void {
    this.#count()
    this.#pager.finish(this.received, this.#emit, this.decoder.envelope)
    addPage(this.#log.counts, this.decoder.counts, isComplete)
    this.#log.read(this.#number, this.decoder.counts.scanned, this.bytes)
  }

  /** Called when nothing more will arrive: what the pager did not deliver counts as dropped. Safe to call again. */
  close(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#timer?.pause()
    this.#unlisten()
    this.#count()
    this.#log.counts.dropped += this.received - this.#delivered
  }

  #count(): void {
    addProgress(this.#log.counts, this.decoder.counts, this.#counted)
    Object.assign(this.#counted, this.decoder.counts)
  }

  readonly #emit = ({ value, line, changes }: Element<T>, cursor: Cursor): void => {
    this.#delivered += 1
    this.#items.push({ value, cursor, line, changes })
  }
}
