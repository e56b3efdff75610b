import { inspect } from 'node:util'

/**
 * Every code that a `LeadpipeError` can carry. The list is closed, so code that switches over it can be exhaustive.
 * A test compares it with the README's table.
 */
export const errorCodes = [
  /** A wrong, unknown or contradictory option; nothing was requested or written. */
  'OPTION',
  /** The portal refused the credentials (401 or 403). */
  'AUTH',
  /** The portal answered 429 more often than the retry policy allows. */
  'RATE_LIMIT',
  /** The portal's daily limit, or the share of it that may be used, is exhausted: try again tomorrow. */
  'DAILY_LIMIT',
  /** The portal answered with a status that is not a success: an error or a redirect. */
  'HTTP',
  /** No connection, or a connection that broke. */
  'NETWORK',
  /** Connecting, receiving the headers, or receiving the next chunk of a body took too long. */
  'TIMEOUT',
  /** A body is not the expected JSON, or ends too early. */
  'DECODE',
  /** Paging makes no progress. */
  'PAGING',
  /** The portal did not return a lead that was requested by guid. */
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

/** Facts about an error, for programs; which ones depends on the code. Never contains a token. */
export type ErrorContext = Readonly<Record<string, unknown>>

/** The options of a {@link LeadpipeError}. */
export interface LeadpipeErrorOptions {
  /** True if the same attempt may succeed later, without a change. Default: false. */
  retryable?: boolean
  /** The reason for this error: an error of undici, of the file system, or of the user's code. */
  cause?: unknown
  /** Facts for programs, for example `{ page: 3, offset: 10240 }`. Default: none. */
  context?: ErrorContext
}

/**
 * The one error class of leadpipe. Distinguish errors by `code`, not by message.
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

/** A short description of a value on one line, for an error message. */
export function describe(value: unknown): string {
  const text = inspect(value, {
    depth: 1,
    compact: true,
    breakLength: Number.POSITIVE_INFINITY,
    maxStringLength: 60,
  })
  return text.length > 120 ? `${text.slice(0, 120)}…` : text
}

/** The message of a thrown value: users throw values of any type, and some errors have a code but no message. */
export function messageOf(thrown: unknown): string {
  if (typeof thrown === 'string') return thrown
  if (!(thrown instanceof Error)) return describe(thrown)
  return thrown.message || ((thrown as NodeJS.ErrnoException).code ?? thrown.name)
}
