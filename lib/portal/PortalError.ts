/** Every code that a {@link PortalError} can carry; the list is closed. */
export const portalErrorCodes = [
  /** An unknown option, or one of the wrong type or range. Nothing was opened, written or bound. */
  'OPTION',
  /**
   * The given leads or records are invalid: a file that can't be read, a bad line, two leads with the same guid, an
   * association with a record that does not exist. Or a change in code that the API would refuse too. Nothing was
   * changed.
   */
  'LEADS',
  /** libsql is not installed, or the database file is not a database, is in use, or holds other leads. */
  'STORE',
  /** The portal can't listen on the port. */
  'LISTEN',
] as const

/** One of {@link portalErrorCodes}. */
export type PortalErrorCode = (typeof portalErrorCodes)[number]

/** The facts about a wrong option. The message of an OPTION error is made from them. */
export interface PortalOptionContext {
  /** The function that has the option, such as `createPortal()`. */
  readonly owner: string
  /** The dotted path of the option, such as `rateLimit.daily`. */
  readonly option?: string
  /** True if there is no such option. */
  readonly unknown?: true
  /** What is expected, in words. */
  readonly expected: string
  /** The received value, shortened; only its type if it may be a secret. */
  readonly received?: string
}

/**
 * The reason why a portal could not be started, or not be changed in code. Distinguish the cases by `code`; the
 * message is one sentence for people. A problem with a request is always an HTTP answer, never an exception.
 */
export class PortalError extends Error {
  override readonly name = 'PortalError'
  readonly code: PortalErrorCode
  /** The facts about a wrong option; absent for another code, and for a fault that can't be parsed. */
  readonly context?: PortalOptionContext

  constructor(
    code: PortalErrorCode,
    message: string,
    options?: { cause?: unknown; context?: PortalOptionContext },
  ) {
    super(message, options && 'cause' in options ? { cause: options.cause } : undefined)
    this.code = code
    if (options?.context !== undefined) this.context = options.context
  }
}
