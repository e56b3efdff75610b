import { LeadpipeError } from '../errors.ts'

/** What is wrong with a body: it ends too early, it is no JSON or not the expected JSON, or it is too much. */
export type DecodeProblem = 'cut' | 'malformed' | 'limit'

/** A DECODE error that names the page and the byte offset in its decoded body. */
export function decodeError(
  problem: DecodeProblem,
  page: number,
  offset: number,
  message: string,
  cause?: unknown,
): LeadpipeError {
  return new LeadpipeError('DECODE', `page ${page}, byte ${offset}: ${message}`, {
    retryable: problem === 'cut',
    context: { page, offset, problem },
    ...(cause === undefined ? {} : { cause }),
  })
}
