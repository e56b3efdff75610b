import { inspect } from 'node:util'

/**
 * Every code that a `LeadpipeError` can carry. The list is closed: code that switches over it can be
 * exhaustive, and a test compares it with the README's table.
 */
export const errorCodes = [
  /** A wrong, unknown or contradictory option; nothing was requested or written. */
  'OPTION',
  /** The portal refused the credentials (401 or 403). */
  'AUTH',
  /** The portal answered 429 more often than the retry policy allows. */
  'RATE_LIMIT',
  /** The portal's daily limit, or the share of it that may be used, is used up: come back tomorrow. */
  'DAILY_LIMIT',
  /** The portal answered with a status that is no success. */
  'HTTP',
  /** No connection, or one that broke. */
  'NETWORK',
  /** Connecting, the headers, or the next chunk of a body took too long. */
  'TIMEOUT',
  /** A body is not the JSON that was expected, or ends too early. */
  'DECODE',
  /** Paging makes no progress. */
  'PAGING',
  /** A lead that was asked for by guid did not come. */
  'MISSING',
  /** A lead does not match the schema. */
  'INVALID_LEAD',
  /** A source that is not leadpipe's own (a Readable or an iterable given to `run`) failed. */
  'SOURCE',
  /** A step of an operator, or a stream in the middle, failed. */
  'OPERATOR',
  /** The destination failed. */
  'SINK',
  /** A checkpoint is unreadable, or belongs to another query or pipeline. */
  'CHECKPOINT',
  /** The numbers of a run do not add up. */
  'LEDGER',
] as const

/** One of {@link errorCodes}. */
export type ErrorCode = (typeof errorCodes)[number]

/** Facts about an error, for programs: what they are depends on the code. Never holds a token. */
export type ErrorContext = Readonly<Record<string, unknown>>

/** What a {@link LeadpipeError} is made of. */
export interface LeadpipeErrorOptions {
  /** True when the same attempt may succeed later without a change. Default: false. */
  retryable?: boolean
  /** What led to this error: an error of undici, of the file system, of a user's own code. */
  cause?: unknown
  /** Facts for programs, for example `{ page: 3, offset: 10240 }`. Default: none. */
  context?: ErrorContext
}

/**
 * The one error class of leadpipe. Tell errors apart by `code`, not by message.
 *
 * @example
 * ```ts
 * try {
 *   await run(leads(client), toFile('leads.ndjson'))
 * } catch (error) {
 *   if (error instanceof LeadpipeError && error.code === 'AUTH') askForAToken()
 *   else throw error
 * }
 * ```
 */
export class LeadpipeError extends Error {
  override readonly name = 'LeadpipeError'
  readonly code: ErrorCode
  readonly retryable: boolean
  readonly context: ErrorContext
  /** The numbers of the run up to its failure. Set by `run`, on the error that it rejects with. */
  report?: unknown

  constructor(code: ErrorCode, message: string, options: LeadpipeErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    this.retryable = options.retryable ?? false
    this.context = options.context ?? {}
  }
}

/** A value in a few words on one line, short enough for an error message. */
export function describe(value: unknown): string {
  const text = inspect(value, {
    depth: 1,
    compact: true,
    breakLength: Number.POSITIVE_INFINITY,
    maxStringLength: 60,
  })
  return text.length > 120 ? `${text.slice(0, 120)}…` : text
}

/** What was thrown, in words: users throw all sorts of things, and some errors have a code but no message. */
export function messageOf(thrown: unknown): string {
  if (typeof thrown === 'string') return thrown
  if (!(thrown instanceof Error)) return describe(thrown)
  return thrown.message || ((thrown as NodeJS.ErrnoException).code ?? thrown.name)
}
