import type { Readable } from 'node:stream'
import { onAbort } from '../async/onAbort.ts'
import {
  type DecodedElement,
  decodeBody,
  type ElementDecoder,
  noDecodeCounts,
} from '../decode/ElementDecoder.ts'
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

/** How the pages of an API are requested and read. */
export interface PageSource<T, Request> {
  /** Scheme, host and port, for messages. */
  readonly origin: string
  /** Sends the request; resolves to the decompressed body of a successful answer. */
  fetchPage(request: Request, signal: AbortSignal): Promise<Readable>
  /** @param page the number of the page, from 1 */
  decoder(page: number): ElementDecoder
  /** Converts an element to a record, or to a `Rejected` that says why it is not one. */
  recordOf(element: DecodedElement): T | Rejected
  /**
   * Waits after a failure, before the rest of the page is requested.
   *
   * @param failures consecutive failures without any progress, from 1
   * @throws the error itself, if a retry can't help
   */
  backOff(error: unknown, failures: number, signal: AbortSignal): Promise<void>
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

/** When a stretch may be read, and how far ahead. */
export interface Turn {
  /** Stops reading when it aborts. */
  readonly signal: AbortSignal
  /** Resolves when a page may be requested, to the number of records that are still wanted. */
  mayRequest(): Promise<number>
  /**
   * Called with the number of bytes of the page that have arrived so far. Returns whether the page is too large to be
   * read ahead.
   */
  received(bytes: number): boolean
  /** Called when nothing more of the page will arrive. */
  endPage(): void
  /** Resolves when all stretches before this one are delivered. */
  untilFirst(): Promise<void>
}

/** Reads a stretch of a list, page after page: requests, decodes, and resumes where a body was cut off. */
export async function* readStretch<T, Request extends PageRequest, Cursor>(
  pager: Pager<T, Request, Cursor>,
  source: PageSource<T, Request>,
  turn: Turn,
  log: PageLog,
): AsyncGenerator<PageBatch<T, Cursor>> {
  const { signal } = turn
  let failures = 0
  /** The number of the current page; a page that was cut off keeps its number. */
  let number: number | undefined
  for (;;) {
    const wanted = await turn.mayRequest()
    const request = signal.aborted ? undefined : await unlessAborted(pager.next(wanted), signal)
    if (request === undefined || signal.aborted) return turn.endPage()
    number ??= log.next()
    const page = new Page(pager, source, log, number)
    let isComplete = true
    try {
      const body = await source.fetchPage(request, signal)
      page.begin(body)
      for await (const elements of decodeBody(body, page.decoder, { page: number, origin: source.origin })) {
        page.receive(elements)
        const isTooLarge = turn.received(page.bytes)
        if (page.hasItems) {
          yield page.takeBatch()
          page.resume()
        }
        // Even if the rest is not needed, it is read until more than `max` elements have arrived: a body that is read
        // to its end keeps the connection usable.
        isComplete = !page.hasEnough || page.received <= (request.max ?? 0)
        if (!isComplete) break
        if (isTooLarge) throw tooLarge
      }
      page.finish(isComplete)
      if (page.hasItems) yield page.takeBatch()
      failures = 0
      number = undefined
    } catch (error) {
      // What arrived before a failure is delivered before the failure is reported.
      if (page.hasItems) yield page.takeBatch()
      page.close()
      turn.endPage()
      if (signal.aborted) throw error
      const isProgress = pager.interrupt(page.received)
      if (isProgress) failures = 0
      if (error === tooLarge) {
        await turn.untilFirst()
      } else {
        failures += 1
        await source.backOff(error, failures, signal)
      }
    } finally {
      page.close()
      turn.endPage()
    }
  }
}

/** The error for a page that is too large to be read ahead: it is dropped, and requested again later. */
const tooLarge = Symbol('leadpipe.tooLarge')

/** A page that is being read. */
class Page<T, Request extends PageRequest, Cursor> {
  readonly decoder: ElementDecoder
  /** Elements received. */
  received = 0
  /** Whether the rest of the page is not needed. */
  hasEnough = false
  readonly #pager: Pager<T, Request, Cursor>
  readonly #source: PageSource<T, Request>
  readonly #log: PageLog
  readonly #number: number
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
    log: PageLog,
    number: number,
  ) {
    this.decoder = source.decoder(number)
    this.#pager = pager
    this.#source = source
    this.#log = log
    this.#number = number
  }

  get bytes(): number {
    return this.decoder.counts.bytes
  }

  get hasItems(): boolean {
    return this.#items.length > 0
  }

  /** Starts the timer of the page. */
  begin(body: Readable): void {
    const timer = new PageTimer(this.#source.pageTimeout)
    this.#timer = timer
    this.#unlisten = onAbort(timer.signal, () => body.destroy(timer.signal.reason))
  }

  /** Passes the elements of a chunk to the pager. */
  receive(elements: Iterable<DecodedElement>): void {
    for (const element of elements) {
      const value = this.#source.recordOf(element)
      this.received += 1
      if (this.#pager.take({ ...element, value }, this.#emit) === 'enough') this.hasEnough = true
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

/** The result of `work`; undefined after an abort. The pager may wait for a user's iterable that never yields. */
async function unlessAborted<V>(work: V | Promise<V>, signal: AbortSignal): Promise<V | undefined> {
  if (!(work instanceof Promise)) return work
  let unlisten = () => {}
  const aborted = new Promise<undefined>(resolve => {
    unlisten = onAbort(signal, () => resolve(undefined))
  })
  return await Promise.race([work, aborted]).finally(unlisten)
}
