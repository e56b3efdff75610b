import { LeadpipeError } from '../errors.ts'
import { networkError } from './networkError.ts'

/** An error in the middle of a body as a LeadpipeError: broken gzip is DECODE, the rest is the network's. */
export function bodyError(cause: unknown, origin: string): LeadpipeError {
  if (cause instanceof LeadpipeError) return cause
  const { code } = cause as { code?: string }
  if (code === 'Z_BUF_ERROR') {
    return new LeadpipeError('DECODE', `${origin}: the body ends in the middle of its gzip data`, {
      retryable: true,
      cause,
      context: { problem: 'cut' },
    })
  }
  if (typeof code === 'string' && code.startsWith('Z_')) {
    return new LeadpipeError('DECODE', `${origin}: the body is not the gzip data that its header says`, {
      cause,
      context: { problem: 'malformed' },
    })
  }
  return networkError(cause, origin)
}
