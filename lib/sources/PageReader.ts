import { onAbort } from '../async/onAbort.ts'
import { decodeBody } from '../decode/decodeBody.ts'
import type { ElementDecoder } from '../decode/ElementDecoder.ts'
import { expressDecoder } from '../decode/expressDecoder.ts'
import { streamJsonDecoder } from '../decode/streamJsonDecoder.ts'
import type { LeadpipeError } from '../errors.ts'
import type { Answer, LeadsClient } from '../hubspot/LeadsClient.ts'
import type { PageQuery } from '../lead/LeadsQuery.ts'
import { serializeQuery } from '../lead/serializeQuery.ts'
import { type PageMessage, pageChannel } from '../observe/channels.ts'
import type { Pager } from '../paging/Pager.ts'
import { setOrigin } from '../stage/origins.ts'
import { Rejected } from '../stage/Rejected.ts'
import type { SourceOpening } from '../stage/SourceStage.ts'
import type { Batch, Item, Lane } from './Lane.ts'
import { leadOf } from './leadOf.ts'
import { listPath } from './listPath.ts'
import type { LeadsSettings } from './options.ts'
import { PageTimer } from './PageTimer.ts'
import type { ReadAhead } from './ReadAhead.ts'
import { addBody, type SourceCounts } from './SourceCounts.ts'

const decoders = { express: expressDecoder, 'stream-json': streamJsonDecoder }

/** What a page reader works with. */
export interface PageReaderOptions {
  client: LeadsClient
  settings: LeadsSettings
  counts: SourceCounts
  ahead: ReadAhead
  wants: SourceOpening['wants']
  /** How many more leads are wanted of a lane. */
  wanted(lane: Lane): number
  /** Called with the headers of each answer. */
  answered(headers: Answer['headers']): void
  /** Called when a page was read: what the pager has learned may let others begin. */
  paged(): void
}

/** One page that is being read. */
interface Page {
  readonly number: number
  readonly decoder: ElementDecoder
  /** Elements that came. */
  received: number
  /** Those of them that the pager handed on. */
  emitted: number
  /** Whether the body was read to its end, or as far as it is of use. */
  complete: boolean
}

/** Reads the pages of a stretch: request, decode, and go on behind what broke off. */
export class PageReader {
  readonly #options: PageReaderOptions
  readonly #open = new Set<Page>()
  #pages = 0

  constructor(options: PageReaderOptions) {
    this.#options = options
  }

  /** The counts with what is being read now, as if it broke off here. */
  get counts(): SourceCounts {
    const counts = { ...this.#options.counts }
    for (const page of this.#open) addPage(counts, page)
    return counts
  }

  /** Everything that a stretch brings. */
  async *read(lane: Lane, signal: AbortSignal): AsyncGenerator<Batch> {
    const { pager } = lane.stretch
    let failures = 0
    let number: number | undefined
    for (;;) {
      await lane.mayAsk(() => this.#options.wanted(lane) > 0)
      const query = await nextPage(pager, this.#options.wanted(lane), signal)
      if (query === undefined || signal.aborted) return lane.endPage()
      number ??= ++this.#pages
      const page = this.#page(number)
      try {
        yield* this.#readPage(query, page, lane, signal)
        failures = 0
        number = undefined
      } catch (error) {
        if (signal.aborted) throw error
        failures = pager.interrupt(page.received) ? 1 : failures + 1
        if (error !== letGo) await this.#continue(error, failures, signal)
        else await lane.untilFirst()
      }
    }
  }

  #page(number: number): Page {
    const { settings } = this.#options
    const { maxLeadBytes, maxDepth, decode } = settings
    const rejected = this.#options.wants.rejected ? 'hand on' : 'fail'
    const decoder = decoders[decode]({ page: number, path: [], maxLeadBytes, maxDepth, rejected })
    return { number, decoder, received: 0, emitted: 0, complete: false }
  }

  async *#readPage(query: PageQuery, page: Page, lane: Lane, signal: AbortSignal): AsyncGenerator<Batch> {
    try {
      const answer = await this.#request(query, signal)
      this.#options.answered(answer.headers)
      yield* this.#readBody(query, page, lane, answer)
    } finally {
      lane.endPage()
    }
  }

  async *#readBody(query: PageQuery, page: Page, lane: Lane, answer: Answer): AsyncGenerator<Batch> {
    const { client, counts, ahead, paged } = this.#options
    const timer = new PageTimer(client.pageTimeout)
    const unlisten = onAbort(timer.signal, () => answer.body.destroy(timer.signal.reason))
    this.#open.add(page)
    try {
      for await (const batch of this.#batches(query, page, lane, answer)) {
        timer.pause()
        yield batch
        timer.resume()
      }
    } finally {
      timer.pause()
      unlisten()
      this.#open.delete(page)
      addPage(counts, page)
    }
    const { scanned: leads, bytes } = page.decoder.counts
    ahead.measure(bytes)
    paged()
    pageChannel.publish({ page: page.number, leads, bytes } satisfies PageMessage)
  }

  #request(query: PageQuery, signal: AbortSignal): Promise<Answer> {
    const { client, counts } = this.#options
    return client.get(listPath, serializeQuery(query), {
      signal,
      onRequest: () => {
        counts.requests += 1
      },
      onRetry: () => {
        counts.retries += 1
      },
    })
  }

  /** What the body brings, chunk by chunk. */
  async *#batches(query: PageQuery, page: Page, lane: Lane, { body }: Answer): AsyncGenerator<Batch> {
    const { pager } = lane.stretch
    const { decoder } = page
    let items: Item[] = []
    let counted = 0
    const emit = (element: { lead: Item['lead'] }, cursor: unknown) => {
      page.emitted += 1
      items.push({ lead: element.lead, cursor })
    }
    const cut = (): Batch => {
      const batch = { items, bytes: decoder.counts.bytes - counted }
      items = []
      counted = decoder.counts.bytes
      return batch
    }
    let enough = false
    try {
      for await (const elements of decodeBody(body, decoder, {
        page: page.number,
        origin: this.#options.client.origin,
      })) {
        for (const lead of elements) {
          const element = this.#element(lead, page)
          page.received += 1
          if (pager.take(element, emit) === 'enough') enough = true
        }
        lane.came(decoder.counts.bytes)
        if (items.length > 0) yield cut()
        // A page within its bounds is read to its end all the same: the connection is worth more.
        if (enough && page.received >= (query.max ?? 0)) break
        if (lane.isTooLarge) throw letGo
      }
    } catch (error) {
      // What came before a failure is handed on before it is told.
      if (items.length > 0) yield cut()
      throw error
    }
    page.complete = true
    pager.finish(page.received, emit)
    if (items.length > 0) yield cut()
  }

  #element(value: unknown, page: Page) {
    const { raw, byte } = page.decoder.last
    const place = { page: page.number, element: page.received, byte }
    const lead = leadOf(value, raw, place)
    if (!(lead instanceof Rejected) && this.#options.wants.origins) {
      setOrigin(lead, { ...place, raw: raw ?? JSON.stringify(lead) })
    }
    return { lead, raw }
  }

  /** Waits after a failure, so that what is missing of the page can be asked for; throws when it is no use. */
  #continue(error: unknown, failures: number, signal: AbortSignal): Promise<void> {
    const { client, counts } = this.#options
    // Requests have their own retries; only what happened in the middle of a body comes here to be repeated.
    const inBody = typeof (error as LeadpipeError).context?.offset === 'number'
    if (!inBody) throw error
    return client.backOff(error, failures, listPath, {
      signal,
      onRetry: () => {
        counts.retries += 1
      },
    })
  }
}

/** Why a page that was read ahead is let go of: it is too large to be held. */
const letGo = Symbol('leadpipe.letGo')

function addPage(counts: SourceCounts, { decoder, received, emitted, complete }: Page): void {
  addBody(counts, decoder.counts, complete)
  counts.dropped += received - emitted
}

/** The pager may wait for guids of the user's, which may never come: that must not hold up the end. */
async function nextPage(pager: Pager, wanted: number, signal: AbortSignal): Promise<PageQuery | undefined> {
  const next = pager.next(wanted)
  if (!(next instanceof Promise)) return next
  let unlisten = () => {}
  const aborted = new Promise<undefined>(resolve => {
    unlisten = onAbort(signal, () => resolve(undefined))
  })
  return await Promise.race([next, aborted]).finally(unlisten)
}
