import type { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { Clock } from './Clock.ts'
import { gunzip } from './gunzip.ts'
import { networkError } from './networkError.ts'
import { redact } from './redact.ts'
import { parseRetryAfter } from './retryDelay.ts'
import { statusError } from './statusError.ts'

/** A successful answer. Read its body to the end or destroy it: until then it keeps its connection. */
export interface Answer {
  status: number
  headers: Readonly<Record<string, string | string[] | undefined>>
  /** The decoded body. Its errors are raw: `bodyError` explains them. */
  body: Readable
}

/** One request, ready to be sent as often as needed. */
export interface OutgoingRequest {
  method: 'GET' | 'POST' | 'PUT'
  /** Path and query. */
  path: string
  headers: Record<string, string>
  /** What is sent behind the headers; a whole, because it may have to be sent again. */
  body?: Uint8Array
  /** Scheme, host and path, the token redacted, for messages. */
  url: string
  /** What must not show up in any message. */
  secret: string
  signal: AbortSignal
}

/** So much of an error body is kept, to see what it says. */
const excerptLength = 4_096

/**
 * One attempt: resolves with a success, rejects with a LeadpipeError for everything else.
 *
 * @param onHeaders called with the status, whatever it is
 * @throws {LeadpipeError} AUTH, RATE_LIMIT, HTTP, NETWORK, TIMEOUT or DECODE.
 */
export async function send(
  dispatcher: Dispatcher,
  origin: string,
  request: OutgoingRequest,
  clock: Clock,
  onHeaders: (status: number) => void,
): Promise<Answer> {
  const { method, path, headers, body: sent, signal, url, secret } = request
  let response: Dispatcher.ResponseData
  try {
    response = await dispatcher.request({ origin, path, method, headers, body: sent ?? null, signal })
  } catch (cause) {
    throw networkError(cause, origin)
  }
  const { statusCode: status, body } = response
  onHeaders(status)
  if (status >= 200 && status < 300) {
    return {
      status,
      headers: response.headers,
      body: gunzip(body, contentEncoding(response, secret), url),
    }
  }
  const retryAfter = parseRetryAfter(header(response, 'retry-after'), clock.now())
  const excerpt = await readExcerpt(response, url, secret)
  const dailyRemaining = header(response, 'x-hubspot-ratelimit-daily-remaining')
  throw statusError(status, url, excerpt, { retryAfter, dailyRemaining })
}

function header({ headers }: Dispatcher.ResponseData, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value[0] : value
}

/** It is told in an error message, and what a server puts there is its own. */
function contentEncoding(response: Dispatcher.ResponseData, secret: string): string | undefined {
  const encoding = header(response, 'content-encoding')
  return encoding && redact(encoding, secret)
}

/** The beginning of an error body without the secret, also where the excerpt ends in the middle of it. */
async function readExcerpt(response: Dispatcher.ResponseData, url: string, secret: string): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of gunzip(response.body, contentEncoding(response, secret), url)) {
      chunks.push(chunk)
      length += chunk.length
      if (length >= 2 * excerptLength) break
    }
  } catch {
    // The status says enough: what can be read of the body is a help, not a condition.
  }
  return redact(Buffer.concat(chunks).toString(), secret).slice(0, excerptLength)
}
