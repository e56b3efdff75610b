import type { Readable } from 'node:stream'
import { onAbort } from '../async/onAbort.ts'
import {
  type DecodedElement,
  decodeBody,
  type ElementDecoder,
  noDecodeCounts,
} from '../decode/ElementDecoder.ts'
import type { Element, PageRequest, Pager } from '../paging/Pager.ts'
import type { Rejected } from '../stage/Rejected.ts'
import { PageTimer } from './PageTimer.ts'
import { addPage, addProgress, type PageCounts } from './SourceCounts.ts'

/** An element of a list, and the place in the list behind it. */
export interface Item<T, Cursor> {
  readonly value: T | Rejected
  readonly cursor: Cursor
}

/** What one chunk of a body brought. */
export interface PageBatch<T, Cursor> {
  readonly items: readonly Item<T, Cursor>[]
  /** Bytes of the body that they stand for, decompressed. */
  readonly bytes: number
}

/** How an API's pages are asked for and read. */
export interface PageSource<T, Request> {
  /** Scheme, host and port, for messages. */
  readonly origin: string
  /** Sends the request; resolves to the decompressed body of a successful answer. */
  ask(request: Request, signal: AbortSignal): Promise<Readable>
  /** @param page its number, from 1 */
  decoder(page: number): ElementDecoder
  /** What an element is: a record, or why it is none. */
  recordOf(element: DecodedElement): T | Rejected
  /**
   * Waits after a failure, so that what is missing of the page can be asked for.
   *
   * @param failures how often it failed in a row without any progress, from 1
   * @throws what failed, when it is no use to ask again
   */
  backOff(error: unknown, failures: number, signal: AbortSignal): Promise<void>
  /** Milliseconds that reading a page may take, while its batches are not waited with. Default: any. */
  readonly pageTimeout?: number | undefined
}

/** What all stretches of a list have in common. */
export interface PageLog {
  readonly counts: PageCounts
  /** The number of the next page, from 1. */
  next(): number
  /** A page was read to its end. */
  read(page: number, elements: number, bytes: number): void
}

/** When a stretch may be read, and how far ahead. */
export interface Turn {
  /** Ends the reading. */
  readonly signal: AbortSignal
  /** Resolves when a page may be asked for, with how many more records are wanted. */
  mayAsk(): Promise<number>
  /** So many bytes of the page came so far. Returns whether it is too large to be read ahead. */
  came(bytes: number): boolean
  /** Nothing more comes of the page. */
  endPage(): void
  /** Resolves when nothing is read in front of the stretch. */
  untilFirst(): Promise<void>
}

/** Reads a stretch of a list, page after page: asks, decodes, and continues behind what broke off. */
export async function* readStretch<T, Request extends PageRequest, Cursor>(
  pager: Pager<T, Request, Cursor>,
  source: PageSource<T, Request>,
  turn: Turn,
  log: PageLog,
): AsyncGenerator<PageBatch<T, Cursor>> {
  const { signal } = turn
  let failures = 0
  /** The number of the page at hand; one that broke off keeps it. */
  let number: number | undefined
  for (;;) {
    const wanted = await turn.mayAsk()
    const request = signal.aborted ? undefined : await unlessAborted(pager.next(wanted), signal)
    if (request === undefined || signal.aborted) return turn.endPage()
    number ??= log.next()
    const page = new Page(pager, source, log, number)
    let isWhole = true
    try {
      const body = await source.ask(request, signal)
      page.begin(body)
      for await (const elements of decodeBody(body, page.decoder, { page: number, origin: source.origin })) {
        page.take(elements)
        const isTooLarge = turn.came(page.bytes)
        if (page.hasItems) {
          yield page.cut()
          page.resume()
        }
        // A page within its bounds is read to its end all the same: the connection is worth more.
        isWhole = !page.isEnough || page.received <= (request.max ?? 0)
        if (!isWhole) break
        if (isTooLarge) throw tooLarge
      }
      page.finish(isWhole)
      if (page.hasItems) yield page.cut()
      failures = 0
      number = undefined
    } catch (error) {
      // What came before a failure is delivered before that is told.
      if (page.hasItems) yield page.cut()
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

/** Why a page that was read ahead is dropped. */
const tooLarge = Symbol('leadpipe.tooLarge')

/** One page that is being read. */
class Page<T, Request extends PageRequest, Cursor> {
  readonly decoder: ElementDecoder
  /** Elements that came. */
  received = 0
  /** Whether the rest is of no use. */
  isEnough = false
  readonly #pager: Pager<T, Request, Cursor>
  readonly #source: PageSource<T, Request>
  readonly #log: PageLog
  readonly #number: number
  #timer: PageTimer | undefined
  #unlisten = () => {}
  #items: Item<T, Cursor>[] = []
  #delivered = 0
  /** What of the decoder's counts is in those of the source. */
  #counted = noDecodeCounts()
  /** Bytes that are in a batch. */
  #cut = 0
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

  /** Its time begins. */
  begin(body: Readable): void {
    const timer = new PageTimer(this.#source.pageTimeout)
    this.#timer = timer
    this.#unlisten = onAbort(timer.signal, () => body.destroy(timer.signal.reason))
  }

  /** Takes what a chunk brought. */
  take(elements: Iterable<DecodedElement>): void {
    for (const element of elements) {
      const value = this.#source.recordOf(element)
      this.received += 1
      if (this.#pager.take({ value, raw: element.raw }, this.#emit) === 'enough') this.isEnough = true
    }
    this.#count()
  }

  /** What was delivered since the last time. The time of the page stands still until `resume`. */
  cut(): PageBatch<T, Cursor> {
    this.#timer?.pause()
    const batch = { items: this.#items, bytes: this.bytes - this.#cut }
    this.#items = []
    this.#cut = this.bytes
    return batch
  }

  resume(): void {
    this.#timer?.resume()
  }

  /** It is read to its end (`isWhole`), or as far as it is of use. */
  finish(isWhole: boolean): void {
    this.#count()
    this.#pager.finish(this.received, this.#emit, this.decoder.envelope)
    addPage(this.#log.counts, this.decoder.counts, isWhole)
    this.#log.read(this.#number, this.decoder.counts.scanned, this.bytes)
  }

  /** Nothing more comes of it: what the pager holds back is asked for again. Safe to repeat. */
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

  readonly #emit = ({ value }: Element<T>, cursor: Cursor): void => {
    this.#delivered += 1
    this.#items.push({ value, cursor })
  }
}

/** The pager may wait for something of the user's which never comes: that must not hold up the end. */
async function unlessAborted<V>(work: V | Promise<V>, signal: AbortSignal): Promise<V | undefined> {
  if (!(work instanceof Promise)) return work
  let unlisten = () => {}
  const aborted = new Promise<undefined>(resolve => {
    unlisten = onAbort(signal, () => resolve(undefined))
  })
  return await Promise.race([work, aborted]).finally(unlisten)
}
