import type { Readable } from 'node:stream'

/** One request, ready to be sent as often as needed. */
export interface OutgoingRequest {
  method: 'GET' | 'POST' | 'PUT'
  /** Path and query. */
  path: string
  headers: Record<string, string>
  /** The body; kept whole, because it may have to be sent again. */
  body?: Uint8Array
  /** Scheme, host and path, with the token redacted, for messages. */
  url: string
  signal: AbortSignal
}

/** Header names in lower case, and their values. */
export type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>

/** An answer as it arrived, whatever its status. */
export interface RawAnswer {
  status: number
  /** Whether the status is a success. */
  ok: boolean
  headers: AnswerHeaders
  /** As sent, compressed or not. It keeps its connection until it is read or destroyed. */
  body: Readable
}

/** The value of a header; the first value if it was sent more than once. */
export function header(headers: AnswerHeaders, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value[0] : value
}
