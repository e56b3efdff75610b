import { unlessAborted } from '../async/onAbort.ts'
import { decodeBody } from '../decode/ElementDecoder.ts'
import type { PageRequest, Pager } from '../paging/Pager.ts'
import { Page, type PageBatch, type PageLog, type PageSource } from './Page.ts'

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
  /** Called when nothing more of the page will arrive; `isHeld` if the pager may hold elements of it. */
  endPage(isHeld: boolean): void
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
    if (request === undefined || signal.aborted) return turn.endPage(false)
    number ??= log.next()
    const page = new Page(pager, source, request, log, number)
    let isComplete = true
    try {
      const fetched = await source.fetchPage(request, signal)
      page.begin(fetched)
      const from = { page: number, origin: source.origin, onChunk: page.see }
      for await (const elements of decodeBody(fetched.body, page.decoder, from)) {
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
      turn.endPage(page.isHeld)
      failures = 0
      number = undefined
    } catch (error) {
      // What arrived before a failure is delivered before the failure is reported.
      if (page.hasItems) yield page.takeBatch()
      page.close()
      turn.endPage(false)
      if (signal.aborted) throw error
      const isProgress = pager.interrupt(page.received)
      if (isProgress) failures = 0
      if (error === tooLarge) {
        await turn.untilFirst()
      } else {
        failures += 1
        await source.backOff(page.explain(error), failures, signal, request)
      }
    } finally {
      page.close()
      turn.endPage(false)
    }
  }
}

/** The error for a page that is too large to be read ahead: it is dropped, and requested again later. */
const tooLarge = Symbol('leadpipe.tooLarge')
