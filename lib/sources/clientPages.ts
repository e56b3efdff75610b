import type { DecodedElement, DecoderOptions } from '../decode/ElementDecoder.ts'
import { expressDecoder } from '../decode/expressDecoder.ts'
import { streamJsonDecoder } from '../decode/streamJsonDecoder.ts'
import { LeadpipeError } from '../errors.ts'
import { type ServerTime, serverTime } from '../http/exchange.ts'
import { type HubSpotClient, reading } from '../hubspot/HubSpotClient.ts'
import type { Rejected } from '../stage/Rejected.ts'
import type { PageSource } from './Page.ts'

const decoders = { express: expressDecoder, 'stream-json': streamJsonDecoder }

/** Where a page is requested. */
export interface Target {
  /** For example "/leads/v1/list". */
  readonly path: string
  /** Serialised. Default: none. */
  readonly query?: string
  /** Sent as JSON in a POST. Default: none, the request is a GET. */
  readonly body?: object
}

/** How the pages of a list are requested through a client, and decoded. */
export interface ClientPages<T, Request> {
  readonly client: HubSpotClient
  /** Where a page is requested. */
  target(request: Request): Target
  /** Converts an element of a page to a record, or to the reason why it is not one. */
  recordOf(element: DecodedElement, request: Request): T | Rejected
  /** The keys that lead to the array of records in a body. Default: the body is the array. */
  readonly elements?: readonly string[]
  readonly decode?: keyof typeof decoders
  /** The maximum size of one element in bytes. Default: 16 MiB. */
  readonly maxLeadBytes?: number
  /** What messages call that limit. Default: 'maxLeadBytes'. */
  readonly sizeOption?: string
  /** The maximum depth of nesting inside one element. Default: 100. */
  readonly maxDepth?: number
  /** Whether an element that is not JSON, too large or too deep fails the page. Default: 'fail'. */
  readonly rejected?: 'fail' | 'emit'
  /** Whether records keep the bytes that an output may contain in place of them. Default: false. */
  readonly lines?: DecoderOptions['lines']
  /** What becomes of numbers that a double can't hold. Default: 'round'. */
  readonly longNumbers?: DecoderOptions['longNumbers']
  /** The counters to update. */
  readonly counts?: { requests: number; retries: number }
  /** Called with the time of each answer. */
  answered?(time: ServerTime): void
}

/** A page source that reads a list through a client. */
export function clientPages<T, Request>(options: ClientPages<T, Request>): PageSource<T, Request> {
  const { client, target, recordOf, elements = [], decode = 'express', answered } = options
  const { maxLeadBytes = 16 * 1024 * 1024, maxDepth = 100, rejected = 'fail', lines, longNumbers } = options
  const { sizeOption, counts = { requests: 0, retries: 0 } } = options
  const onRequest = () => {
    counts.requests += 1
  }
  const onRetry = () => {
    counts.retries += 1
  }
  return {
    origin: client.origin,
    pageTimeout: client[reading].pageTimeout,
    async fetchPage(request, signal) {
      const { path, query = '', body } = target(request)
      const watched = { signal, onRequest, onRetry }
      const answer = await (body
        ? client.post(path, body, { ...watched, query })
        : client.get(path, query, watched))
      answered?.(serverTime(answer.headers, client[reading].now()))
      const explain = (error: unknown, beginning: string) =>
        client[reading].explain(error, answer, beginning, elements)
      return { body: answer.body, explain }
    },
    decoder: page =>
      decoders[decode]({
        ...{ page, path: elements, maxLeadBytes, sizeOption, maxDepth, rejected, lines, longNumbers },
      }),
    recordOf,
    async backOff(error, failures, signal, request) {
      // Requests have their own retries; only failures in the middle of a page are retried here.
      const inBody = error instanceof LeadpipeError && 'page' in error.context
      if (!inBody) throw error
      await client[reading].backOff(error, failures, target(request).path, { signal, onRetry })
    },
  }
}
