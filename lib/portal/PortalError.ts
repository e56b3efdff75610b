/** Every code that a {@link PortalError} can carry; the list is closed. */
export const portalErrorCodes = [
  /** An unknown option, or one of the wrong type or range. Nothing was opened, written or bound. */
  'OPTION',
  /**
   * The given leads are invalid: a file that can't be read, a bad line, two leads with the same guid. Or a change in
   * code that the API would refuse too. Nothing was changed.
   */
  'LEADS',
  /** libsql is not installed, or the database file is not a database, is in use, or holds other leads. */
  'STORE',
  /** The portal can't listen on the port. */
  'LISTEN',
] as const

/** One of {@link portalErrorCodes}. */
export type PortalErrorCode = (typeof portalErrorCodes)[number]

/**
 * The reason why a portal could not be started, or not be changed in code. Distinguish the cases by `code`; the
 * message is one sentence for people. A problem with a request is always an HTTP answer, never an exception.
 */
export class PortalError extends Error {
  override readonly name = 'PortalError'
  readonly code: PortalErrorCode

  constructor(code: PortalErrorCode, message: string, options?: { cause: unknown }) {
    super(message, options)
    this.code = code
  }
}
