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
  path: string
  headers: Record<string, string>
  /** Scheme, host and path, the token redacted, for messages. */
  url: string
  secret: string
  signal: AbortSignal
}

/** An error body is read up to here, to see what it says. */
const excerptBytes = 4_096

/**
 * One attempt: resolves with a success, rejects with a LeadpipeError for everything else.
 *
 * @throws {LeadpipeError} AUTH, RATE_LIMIT, HTTP, NETWORK, TIMEOUT or DECODE.
 */
export async function send(
  dispatcher: Dispatcher,
  origin: string,
  request: OutgoingRequest,
  clock: Clock,
): Promise<Answer> {
  const { path, headers, signal, url } = request
  let response: Dispatcher.ResponseData
  try {
    response = await dispatcher.request({ origin, path, method: 'GET', headers, signal })
  } catch (cause) {
    throw networkError(cause, origin)
  }
  const { statusCode: status, body } = response
  if (status >= 200 && status < 300) {
    return {
      status,
      headers: response.headers,
      body: gunzip(body, header(response, 'content-encoding'), url),
    }
  }
  const retryAfter = parseRetryAfter(header(response, 'retry-after'), clock.now())
  const excerpt = await readExcerpt(response, url)
  throw statusError(status, url, redact(excerpt, request.secret), retryAfter)
}

function header({ headers }: Dispatcher.ResponseData, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value[0] : value
}

async function readExcerpt(response: Dispatcher.ResponseData, url: string): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of gunzip(response.body, header(response, 'content-encoding'), url)) {
      chunks.push(chunk)
      length += chunk.length
      if (length >= excerptBytes) break
    }
  } catch {
    // The status says enough: what can be read of the body is a help, not a condition.
  }
  return Buffer.concat(chunks).toString('utf8', 0, excerptBytes)
}
