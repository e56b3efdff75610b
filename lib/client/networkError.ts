import { LeadpipeError } from '../errors.ts'

const timeouts: Readonly<Record<string, string>> = {
  UND_ERR_CONNECT_TIMEOUT: 'connecting took too long (timeouts.connect)',
  UND_ERR_HEADERS_TIMEOUT: "the answer's headers took too long (timeouts.headers)",
  UND_ERR_BODY_TIMEOUT: 'the next chunk of the body took too long (timeouts.chunk)',
}

/** Certificates do not get better by asking again. */
const permanent = /^(CERT_|ERR_TLS_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)/

/** An error of undici or the socket as a TIMEOUT or NETWORK error that names where the request went. */
export function networkError(cause: unknown, origin: string): LeadpipeError {
  const { code, message } = innermost(cause)
  const timeout = timeouts[code]
  if (timeout !== undefined) {
    return new LeadpipeError('TIMEOUT', `${origin}: ${timeout}`, {
      retryable: true,
      cause,
      context: { origin },
    })
  }
  return new LeadpipeError('NETWORK', `${origin}: ${message || code || 'the connection failed'}`, {
    retryable: !permanent.test(code),
    cause,
    context: { origin, code },
  })
}

/** A host with several addresses fails with an AggregateError that has no message of its own. */
function innermost(cause: unknown): { code: string; message: string } {
  const error = cause instanceof AggregateError && cause.message === '' ? cause.errors[0] : cause
  const { code = '', message = String(error) } = (error ?? {}) as { code?: string; message?: string }
  return { code: String(code), message }
}
