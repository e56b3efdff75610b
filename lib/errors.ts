import { inspect } from 'node:util'
import type { ErrorContexts, OptionContext, Remedy } from './errors/ErrorContexts.ts'

/**
 * Every code that a `LeadpipeError` can carry. The list is closed, so code that switches over it can be exhaustive.
 * A test compares it with the README's table.
 */
export const errorCodes = [
  /** A wrong, unknown or contradictory option; nothing was requested or written. */
  'OPTION',
  /** The portal refused the credentials (401 or 403), or the function `accessToken` failed. */
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
  /** A user's source (of `run`, or of the guids) failed, or a quarantine file can't be read. */
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

/** The facts about an error of any code. */
export type ErrorContext = ErrorContexts[ErrorCode]

/** The options of a {@link LeadpipeError}. */
export interface LeadpipeErrorOptions<C extends ErrorCode = ErrorCode> {
  /** True if the same attempt may succeed later, without a change. Default: false. */
  retryable?: boolean
  /** The reason for this error: an error of undici, of the file system, or of a user's code. */
  cause?: unknown
  /** Facts for programs, for example `{ page: 3, offset: 10240, problem: 'cut' }`. Default: none. */
  context?: ErrorContexts[C]
}

/** A {@link LeadpipeError} of one code. */
export interface LeadpipeErrorOf<C extends ErrorCode> extends Error {
  readonly code: C
  /** What went wrong: the message without what to do about it (`context.remedy`). */
  readonly problem: string
  /** True if the same attempt may succeed later, without a change. */
  readonly retryable: boolean
  /** Facts for programs. */
  readonly context: ErrorContexts[C]
}

/**
 * The one error class of leadpipe. Distinguish errors by `code`, not by message. The code also decides which facts are
 * in `context`.
 *
 * @example
 * ```ts
 * try {
 *   await run(leads(client), toFile('leads.ndjson'))
 * } catch (error) {
 *   if (!(error instanceof LeadpipeError)) throw error
 *   if (error.code === 'AUTH') requestToken()
 *   else if (error.code === 'DECODE') console.error(`page ${error.context.page} is broken`)
 *   else throw error
 * }
 * ```
 */
export type LeadpipeError = { [C in ErrorCode]: LeadpipeErrorOf<C> }[ErrorCode]

/** The class of {@link LeadpipeError}. */
export interface LeadpipeErrorClass {
  /**
   * @param problem what went wrong; the message is this and the remedy of the context, if there is one
   * @param options the context is required if it has facts that are never absent
   */
  new <C extends ErrorCode>(
    code: C,
    problem: string,
    ...options: Record<never, never> extends ErrorContexts[C]
      ? [options?: LeadpipeErrorOptions<C>]
      : [options: LeadpipeErrorOptions<C> & { context: ErrorContexts[C] }]
  ): LeadpipeErrorOf<C>
  readonly prototype: LeadpipeError
}

export const LeadpipeError: LeadpipeErrorClass = class LeadpipeError<C extends ErrorCode> extends Error {
  override readonly name: string = 'LeadpipeError'
  readonly code: C
  readonly retryable: boolean
  readonly context: ErrorContexts[C]
  // Private, so that an error that is printed does not show it beside its message.
  readonly #problem: string

  get problem(): string {
    return this.#problem
  }

  constructor(code: C, problem: string, options: LeadpipeErrorOptions<C> = {}) {
    const context: ErrorContexts[C] & { remedy?: string | Remedy } =
      options.context ?? ({} as ErrorContexts[C])
    super(withRemedy(problem, context.remedy), 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    this.#problem = problem
    this.retryable = options.retryable ?? false
    this.context = context
  }
}

/** Changes what an error says; its code and, unless they are given, the other parts stay. */
export function reworded(
  error: LeadpipeError,
  problem: string,
  changes: { retryable?: boolean; cause?: unknown; context?: object } = {},
): LeadpipeError {
  const { code, retryable, context } = error
  const parts = 'cause' in error ? { retryable, cause: error.cause } : { retryable }
  // The context is of the code, as before; the compiler can't see that.
  const all = { ...parts, ...changes, context: { ...context, ...changes.context } as never }
  return new LeadpipeError(code, problem, all) as LeadpipeError
}

/** Names an option in a message: the flag that stands for it on a command line; undefined for its name in code. */
export type NameOption = (owner: string, option?: string) => string | undefined

/** The message of an error, with its options named by `nameOf`. */
export function messageNaming(error: LeadpipeError, nameOf: NameOption): string {
  const { remedy } = error.context as { remedy?: string | Remedy }
  return withRemedy(problemNaming(error, nameOf), remedy, nameOf)
}

function problemNaming(error: LeadpipeError, nameOf: NameOption): string {
  if (error.code === 'OPTION') return optionProblem(error.context, nameOf)
  const { differs } = error.code === 'CHECKPOINT' ? error.context : {}
  const name = differs === undefined ? undefined : nameOf('checkpoint', differs)
  return name === undefined
    ? error.problem
    : error.problem.replace(`: ${differs} was `, () => `: ${name} was `)
}

/** What is wrong with an option, in one sentence: "leads(): limit: expected an integer, 1 or more, received 0". */
export function optionProblem(
  { owner, option, unknown, expected, with: other, received, remedy }: OptionContext,
  nameOf: NameOption = () => undefined,
): string {
  if (unknown) {
    const name = `${owner}: unknown option ${JSON.stringify(option)}`
    return remedy === undefined ? `${name}; expected ${expected}` : name
  }
  const place = nameOf(owner, option) ?? (option === undefined ? owner : `${owner}: ${option}`)
  const value = other?.value === undefined ? '' : ` ${describe(other.value)}`
  const condition =
    other === undefined ? '' : ` with ${nameOf(other.owner ?? owner, other.option) ?? other.option}${value}`
  return `${place}: expected ${expected}${condition}${received === undefined ? '' : `, received ${received}`}`
}

/** A problem, and what to do about it. */
function withRemedy(problem: string, remedy?: string | Remedy, nameOf: NameOption = () => undefined): string {
  if (remedy === undefined) return problem
  if (typeof remedy === 'string') return `${problem}; ${remedy}`
  const { owner, option, to, inCode } = remedy
  const flag = nameOf(owner, option)
  if (inCode === undefined) return `${problem}; set ${flag ?? option} to ${to}`
  return `${problem}; ${flag === undefined ? inCode : `give ${flag} ${to}`}`
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
