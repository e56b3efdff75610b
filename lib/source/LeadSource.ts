import { Readable } from 'node:stream'
import type { LeadsClient } from '../client/LeadsClient.ts'
import { onAbort } from '../client/onAbort.ts'
import type { Answer } from '../client/send.ts'
import { LeadpipeError } from '../errors.ts'
import type { Lead } from '../model/Lead.ts'
import type { LeadsQuery } from '../model/LeadsQuery.ts'
import { serializeQuery } from '../model/serializeQuery.ts'
import { type PageMessage, pageChannel } from '../observe/channels.ts'
import { decodeBody } from './decode/decodeBody.ts'
import type { ElementDecoder } from './decode/ElementDecoder.ts'
import { expressDecoder } from './decode/expressDecoder.ts'
import { streamJsonDecoder } from './decode/streamJsonDecoder.ts'
import type { LeadsSettings } from './options.ts'
import type { Pager } from './pagers/Pager.ts'
import { addBody, noCounts, type SourceCounts } from './SourceCounts.ts'

const listPath = '/leads/v1/list'
const decoders = { express: expressDecoder, 'stream-json': streamJsonDecoder }

/**
 * Every lead that a query matches, page after page, as an object-mode Readable. Made by `leads()`.
 *
 * It reads ahead no further than its high-water mark: while nobody reads, the socket is left unread, too.
 * `destroy()`, an abort, or leaving a `for await` closes the connection at once.
 */
export class LeadSource extends Readable {
  /** The checked query. */
  readonly query: Readonly<LeadsQuery>
  /** What was counted so far. */
  readonly counts: SourceCounts = noCounts()

  readonly #client: LeadsClient
  readonly #pager: Pager
  readonly #settings: LeadsSettings
  readonly #abort = new AbortController()
  /** Ends the wait for the user's signal. */
  #unlisten: (() => void) | undefined
  #loop: Promise<void> | undefined
  /** Ends the reading loop's wait for a consumer that has enough for now. */
  #proceed: (() => void) | undefined

  constructor(client: LeadsClient, query: LeadsQuery, pager: Pager, settings: LeadsSettings) {
    super({ objectMode: true, highWaterMark: settings.highWaterMark })
    this.#client = client
    this.query = query
    this.#pager = pager
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
    this.#loop = this.#readPages()
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
    for (;;) {
      const query = this.#pager.next(this.#settings.limit - this.counts.delivered)
      if (query === undefined) break
      await this.#readPage(query)
      if (this.destroyed) return
    }
    this.push(null)
  }

  async #readPage(query: LeadsQuery): Promise<void> {
    const page = this.counts.pages + 1
    const answer = await this.#request(query)
    const { maxLeadBytes, maxDepth, decode } = this.#settings
    const decoder = decoders[decode]({ page, path: [], maxLeadBytes, maxDepth })
    let complete = false
    try {
      complete = await this.#deliverBody(answer, decoder, page)
    } finally {
      addBody(this.counts, decoder.counts, complete)
    }
    if (!complete) return
    const { scanned: leads, bytes } = decoder.counts
    this.#pager.finish(leads)
    pageChannel.publish({ page, leads, bytes } satisfies PageMessage)
  }

  #request(query: LeadsQuery): Promise<Answer> {
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

  /** Resolves to whether the body was read to its end: the limit, or a destroyed stream, ends it before. */
  async #deliverBody(answer: Answer, decoder: ElementDecoder, page: number): Promise<boolean> {
    let index = 0
    for await (const elements of decodeBody(answer.body, decoder, { page, origin: this.#client.origin })) {
      for (const element of elements) {
        const lead = asLead(element, page, index)
        if (index === 0) this.#pager.begin(guidOf(lead))
        index += 1
        this.counts.delivered += 1
        if (!this.push(lead)) await this.#room()
        if (this.destroyed || this.counts.delivered === this.#settings.limit) return false
      }
    }
    return true
  }

  #room(): Promise<void> {
    return new Promise(resolve => {
      this.#proceed = resolve
    })
  }
}

/** A lead is an object: anything else can't be read as one, and a null would end a Node stream silently. */
function asLead(element: unknown, page: number, index: number): Lead {
  if (typeof element === 'object' && element !== null && !Array.isArray(element)) return element as Lead
  const kind = element === null ? 'null' : Array.isArray(element) ? 'an array' : `a ${typeof element}`
  throw new LeadpipeError(
    'DECODE',
    `page ${page}: element ${index} is ${kind}, expected a lead (an object)`,
    {
      context: { page, element: index, problem: 'malformed' },
    },
  )
}

function guidOf(lead: Lead): string | undefined {
  return typeof lead.guid === 'string' ? lead.guid : undefined
}
