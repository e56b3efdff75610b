import { Readable } from 'node:stream'
import type { LeadsClient } from '../client/LeadsClient.ts'
import { onAbort } from '../client/onAbort.ts'
import type { Answer } from '../client/send.ts'
import type { LeadpipeError } from '../errors.ts'
import type { Lead } from '../model/Lead.ts'
import type { LeadsQuery, PageQuery } from '../model/LeadsQuery.ts'
import { setOrigin } from '../model/origins.ts'
import { Rejected } from '../model/Rejected.ts'
import { serializeQuery } from '../model/serializeQuery.ts'
import { type PageMessage, pageChannel } from '../observe/channels.ts'
import { decodeBody } from './decode/decodeBody.ts'
import type { ElementDecoder } from './decode/ElementDecoder.ts'
import { expressDecoder } from './decode/expressDecoder.ts'
import { streamJsonDecoder } from './decode/streamJsonDecoder.ts'
import { leadOf, rejectedError } from './leadOf.ts'
import type { LeadsSettings } from './options.ts'
import { PageTimer } from './PageTimer.ts'
import type { GuidsPager, Missing } from './pagers/guidsPager.ts'
import type { Pager } from './pagers/Pager.ts'
import { addBody, noCounts, type SourceCounts } from './SourceCounts.ts'

const listPath = '/leads/v1/list'
const decoders = { express: expressDecoder, 'stream-json': streamJsonDecoder }

/** What `run` asks of a source besides leads. */
export interface Handing {
  /** Hand on elements that are no leads as {@link Rejected}, instead of failing with DECODE. */
  rejected: boolean
  /** Keep each lead's own text and place. */
  origins: boolean
}

/** How far one page came. */
interface PageProgress {
  /** Elements that were handed on. */
  received: number
  /** Whether the body was read to its end. */
  complete: boolean
}

/**
 * Every lead that a query matches, page after page, as an object-mode Readable. Made by `leads()`.
 *
 * It reads ahead no further than its high-water mark: while nobody reads, the socket is left unread, too.
 * `destroy()`, an abort, or leaving a `for await` closes the connection at once. A body that breaks off is
 * continued behind the last lead that was handed on.
 */
export class LeadSource extends Readable {
  /** The checked query. */
  readonly query: Readonly<LeadsQuery>
  /** What was counted so far. */
  readonly counts: SourceCounts = noCounts()
  /** What became of the guids of the query, where it has some. */
  readonly missing: Readonly<Missing> | undefined
  /** Set by `run`, before the first read. */
  handing: Handing = { rejected: false, origins: false }

  readonly #client: LeadsClient
  readonly #pager: Pager | GuidsPager
  readonly #settings: LeadsSettings
  readonly #abort = new AbortController()
  /** Ends the wait for the user's signal. */
  #unlisten: (() => void) | undefined
  #loop: Promise<void> | undefined
  /** Ends the reading loop's wait for a consumer that has enough for now. */
  #proceed: (() => void) | undefined

  constructor(client: LeadsClient, query: LeadsQuery, pager: Pager | GuidsPager, settings: LeadsSettings) {
    super({ objectMode: true, highWaterMark: settings.highWaterMark })
    this.#client = client
    this.query = query
    this.#pager = pager
    this.missing = 'missing' in pager ? pager.missing : undefined
    this.#settings = settings
  }

  /** The leads, for `for await`; leaving the loop destroys the source. */
  override [Symbol.asyncIterator](): NodeJS.AsyncIterator<Lead> {
    return super[Symbol.asyncIterator]()
  }

  override _read(): void {
    this.#proceed?.()
    if (this.#loop !== undefined) return
    const { signal } = this.#settings
    if (signal?.aborted) {
      this.destroy(signal.reason)
      return
    }
    this.#unlisten = signal && onAbort(signal, () => this.destroy(signal.reason))
    this.#loop = this.#readPages().finally(() => {
      if ('close' in this.#pager) this.#pager.close()
    })
    this.#loop.catch(error => this.destroy(error))
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#unlisten?.()
    this.#abort.abort()
    this.#proceed?.()
    // The connection is let go of, and everything counted, when the loop has ended.
    const end = () => callback(error)
    if (this.#loop === undefined) end()
    else this.#loop.then(end, end)
  }

  async #readPages(): Promise<void> {
    let failures = 0
    for (;;) {
      const query = await this.#nextPage()
      if (query === undefined || this.destroyed) break
      const progress: PageProgress = { received: 0, complete: false }
      try {
        await this.#readPage(query, progress)
        if (!progress.complete) break
        this.#pager.finish(progress.received)
        failures = 0
      } catch (error) {
        failures = this.#pager.interrupt(progress.received) ? 1 : failures + 1
        await this.#continue(error, failures)
      }
    }
    if (!this.destroyed) this.push(null)
  }

  /** The pager may wait for guids of the user's, which may never come: that must not hold up the end. */
  async #nextPage(): Promise<PageQuery | undefined> {
    const { signal } = this.#abort
    const next = this.#pager.next(this.#settings.limit - this.counts.delivered)
    if (!(next instanceof Promise)) return next
    let unlisten = () => {}
    const aborted = new Promise<undefined>(resolve => {
      unlisten = onAbort(signal, () => resolve(undefined))
    })
    return await Promise.race([next, aborted]).finally(unlisten)
  }

  /** Waits after a failure, so that what is missing of the page can be asked for; throws when it is no use. */
  #continue(error: unknown, failures: number): Promise<void> {
    // Requests have their own retries; only what happened in the middle of a body comes here to be repeated.
    const inBody = typeof (error as LeadpipeError).context?.offset === 'number'
    if (!inBody || this.destroyed) throw error
    return this.#client.backOff(error, failures, listPath, {
      signal: this.#abort.signal,
      onRetry: () => {
        this.counts.retries += 1
      },
    })
  }

  async #readPage(query: PageQuery, progress: PageProgress): Promise<void> {
    const page = this.counts.pages + 1
    const answer = await this.#request(query)
    const timer = new PageTimer(this.#client.pageTimeout)
    const unlisten = onAbort(timer.signal, () => answer.body.destroy(timer.signal.reason))
    const { maxLeadBytes, maxDepth, decode } = this.#settings
    const rejected = this.handing.rejected ? 'hand on' : 'fail'
    const decoder = decoders[decode]({ page, path: [], maxLeadBytes, maxDepth, rejected })
    try {
      await this.#deliverBody(answer, decoder, { page, timer, progress })
    } finally {
      timer.pause()
      unlisten()
      addBody(this.counts, decoder.counts, progress.complete)
    }
    if (!progress.complete) return
    const { scanned: leads, bytes } = decoder.counts
    pageChannel.publish({ page, leads, bytes } satisfies PageMessage)
  }

  #request(query: PageQuery): Promise<Answer> {
    const { counts } = this
    return this.#client.get(listPath, serializeQuery(query), {
      signal: this.#abort.signal,
      onRequest: () => {
        counts.requests += 1
      },
      onRetry: () => {
        counts.retries += 1
      },
    })
  }

  /** Hands on what the body holds; the limit, or a destroyed stream, ends it before its end. */
  async #deliverBody(
    { body }: Answer,
    decoder: ElementDecoder,
    { page, timer, progress }: { page: number; timer: PageTimer; progress: PageProgress },
  ): Promise<void> {
    for await (const elements of decodeBody(body, decoder, { page, origin: this.#client.origin })) {
      for (const element of elements) {
        const { raw, byte } = decoder.last
        const place = { page, element: progress.received, byte }
        const lead = leadOf(element, raw, place)
        if (!(lead instanceof Rejected)) this.#pager.saw(guidOf(lead), progress.received)
        progress.received += 1
        if (!this.#handOn(lead, { raw, ...place })) {
          timer.pause()
          await this.#room()
          timer.resume()
        }
        if (this.destroyed || this.counts.delivered === this.#settings.limit) return
      }
    }
    progress.complete = true
  }

  #handOn(
    lead: Lead | Rejected,
    origin: { raw: string | undefined; page: number; element: number; byte: number },
  ): boolean {
    if (lead instanceof Rejected) {
      if (!this.handing.rejected) throw rejectedError(lead)
      this.counts.rejected += 1
    } else {
      if (this.handing.origins) setOrigin(lead, { ...origin, raw: origin.raw ?? JSON.stringify(lead) })
      this.counts.delivered += 1
    }
    return this.push(lead)
  }

  #room(): Promise<void> {
    // Handing a lead on may have destroyed the stream: nobody asks for more then.
    if (this.destroyed) return Promise.resolve()
    return new Promise(resolve => {
      this.#proceed = resolve
    })
  }
}

function guidOf(lead: Lead): string | undefined {
  return typeof lead.guid === 'string' ? lead.guid : undefined
}
