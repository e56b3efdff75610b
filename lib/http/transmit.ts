import type { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import { networkError } from './networkError.ts'

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
  signal: AbortSignal
}

/** Header names in lower case, and their values. */
export type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>

/** An answer as it came, whatever it says. */
export interface RawAnswer {
  status: number
  /** Whether the status is a success. */
  ok: boolean
  headers: AnswerHeaders
  /** As it was sent, compressed or not. Until it is read or destroyed it keeps its connection. */
  body: Readable
}

/**
 * Sends a request once, and resolves when the headers of its answer are here.
 *
 * @throws {LeadpipeError} NETWORK or TIMEOUT.
 */
export async function transmit(
  dispatcher: Dispatcher,
  origin: string,
  { method, path, headers, body, signal }: OutgoingRequest,
): Promise<RawAnswer> {
  try {
    const response = await dispatcher.request({ origin, path, method, headers, body: body ?? null, signal })
    const { statusCode: status } = response
    return { status, ok: status >= 200 && status < 300, headers: response.headers, body: response.body }
  } catch (cause) {
    throw networkError(cause, origin)
  }
}

/** A header's value, the first where it was sent more than once. */
export function header(headers: AnswerHeaders, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value[0] : value
}
