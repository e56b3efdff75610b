import { isPrematureClose } from '../async/prematureClose.ts'
import { LeadpipeError, messageOf } from '../errors.ts'

/**
 * What a source or a sink failed with, as the user is told. Leadpipe's own errors stay as they are; those of a stream of
 * the user's are wrapped.
 *
 * @param what failed, such as "the sink"
 */
export function streamError(code: 'SOURCE' | 'SINK', what: string, error: unknown): LeadpipeError {
  if (error instanceof LeadpipeError) return error
  const why = isPrematureClose(error) ? 'it was closed before its end' : messageOf(error)
  return new LeadpipeError(code, `${what} failed: ${why}${code === 'SINK' ? hint(error) : ''}`, {
    cause: error,
  })
}

/** What Node says when an object reaches a Writable that takes bytes. */
function hint(error: unknown): string {
  // The reason of an abort may be anything, null as well.
  const { code } = (error ?? {}) as NodeJS.ErrnoException
  return code === 'ERR_INVALID_ARG_TYPE' ? ' (put encode() in front of a Writable that takes bytes)' : ''
}
