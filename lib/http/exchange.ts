import type { Readable } from 'node:stream'

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

/** A header's value, the first where it was sent more than once. */
export function header(headers: AnswerHeaders, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value[0] : value
}
