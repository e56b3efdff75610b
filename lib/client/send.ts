import type { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { Clock } from './Clock.ts'
import { gunzip } from './gunzip.ts'
import { networkError } from './networkError.ts'
import type { AnswerHeaders } from './rateLimitHeaders.ts'
import { redact } from './redact.ts'
import { parseRetryAfter } from './retryDelay.ts'
import { statusError } from './statusError.ts'

/** A successful answer. Read its body to the end or destroy it: until then it keeps its connection. */
export interface Answer {
  status: number
  headers: AnswerHeaders
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

/** So many characters of an error body are kept, to see what it says. */
const excerptLength = 4_096
/** So many of a 429's are read for the name of the limit. */
const policyLength = 65_536

/**
 * One attempt: resolves with a success, rejects with a LeadpipeError for everything else.
 *
 * @param onHeaders called with the status, whatever it is, and the headers
 * @throws {LeadpipeError} AUTH, RATE_LIMIT, HTTP, NETWORK, TIMEOUT or DECODE.
 */
export async function send(
  dispatcher: Dispatcher,
  origin: string,
  request: OutgoingRequest,
  clock: Clock,
  onHeaders: (status: number, headers: AnswerHeaders) => void,
): Promise<Answer> {
  const { method, path, headers, body: sent, signal, url, secret } = request
  let response: Dispatcher.ResponseData
  try {
    response = await dispatcher.request({ origin, path, method, headers, body: sent ?? null, signal })
  } catch (cause) {
    throw networkError(cause, origin)
  }
  const { statusCode: status, body } = response
  onHeaders(status, response.headers)
  if (status >= 200 && status < 300) {
    return {
      status,
      headers: response.headers,
      body: gunzip(body, contentEncoding(response, secret), url),
    }
  }
  const retryAfter = parseRetryAfter(header(response, 'retry-after'), clock.now())
  const text = await readBeginning(response, url, secret, status === 429 ? policyLength : excerptLength)
  const dailyRemaining = header(response, 'x-hubspot-ratelimit-daily-remaining')
  throw statusError(status, url, text.slice(0, excerptLength), { retryAfter, dailyRemaining, text })
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

/** The beginning of an error body without the secret, also where it is cut in the middle of it. */
async function readBeginning(
  response: Dispatcher.ResponseData,
  url: string,
  secret: string,
  most: number,
): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of gunzip(response.body, contentEncoding(response, secret), url)) {
      chunks.push(chunk)
      length += chunk.length
      if (length >= most + excerptLength) break
    }
  } catch {
    // The status says enough: what can be read of the body is a help, not a condition.
  }
  return redact(Buffer.concat(chunks).toString(), secret).slice(0, most)
}
