/** Every code that a {@link PortalError} can carry; the list is closed. */
export const portalErrorCodes = [
  /** An unknown option, or one of the wrong type or range. Nothing was opened, written or bound. */
  'OPTION',
  /**
   * The leads given are none: a file that can't be read, a bad line, two leads with one guid. Or a change in
   * code that the API would refuse too. Nothing was changed.
   */
  'LEADS',
  /** libsql is not installed, or the database file is none, is in use, or holds other leads. */
  'STORE',
  /** The port can't be bound. */
  'LISTEN',
] as const

/** One of {@link portalErrorCodes}. */
export type PortalErrorCode = (typeof portalErrorCodes)[number]

/**
 * Why a portal could not be started, or could not be changed in code. Tell the cases apart by `code`; the
 * message is one sentence for people. Whatever goes wrong with a request is an HTTP answer and never an
 * exception.
 */
export class PortalError extends Error {
  override readonly name = 'PortalError'
  readonly code: PortalErrorCode

  constructor(code: PortalErrorCode, message: string, options?: { cause: unknown }) {
    super(message, options)
    this.code = code
  }
}
