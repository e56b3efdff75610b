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
  /** The group in which the server counts the request, if it has several. */
  group?: string
  /** Credentials that `path` and `headers` do not have, because they may change between two attempts. */
  credentials?: Credentials
}

/** The credentials of one request. */
export interface Credentials {
  /** Waits until there are credentials. */
  ready(): Promise<void>
  /** Path and headers with the present credentials; undefined if these were refused, or have expired, meanwhile. */
  authorize(): Pick<OutgoingRequest, 'path' | 'headers'> | undefined
  /** Whether a failed attempt is made again at once, with new credentials. */
  renew(error: unknown): boolean
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

/**
 * An HTTP date in milliseconds since 1970; undefined if it is not one. `Date.parse` accepts much else: it reads "1.5" as
 * a day in 2001.
 */
export function parseHttpDate(text: string): number | undefined {
  if (!/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? .*\d\d:\d\d:\d\d/.test(text)) return undefined
  const time = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`)
  return Number.isNaN(time) ? undefined : time
}

/** When an answer was made or, if it comes from a cache, when it was delivered. */
export interface ServerTime {
  /** Milliseconds since 1970, by the server's clock; by the own one if the answer has no valid Date. */
  time: number
  /** Milliseconds by which the server's clock is ahead, negative if behind; absent if that is less than a minute. */
  clockDifference?: number
}

/**
 * The time of an answer: its Date, plus its Age if it comes from a cache.
 *
 * @param now milliseconds since 1970, by the own clock
 */
export function serverTime(headers: AnswerHeaders, now: number): ServerTime {
  const date = parseHttpDate(header(headers, 'date')?.trim() ?? '')
  if (date === undefined) return { time: now }
  const age = header(headers, 'age')?.trim() ?? ''
  const time = /^\d{1,9}$/.test(age) ? date + Number(age) * 1_000 : date
  const difference = time - now
  return Math.abs(difference) < 60_000 ? { time } : { time, clockDifference: difference }
}
