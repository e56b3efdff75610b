import { LeadpipeError } from '../errors.ts'

const timeouts: Readonly<Record<string, string>> = {
  UND_ERR_CONNECT_TIMEOUT: 'connecting took too long (timeouts.connect)',
  UND_ERR_HEADERS_TIMEOUT: "the answer's headers took too long (timeouts.headers)",
  UND_ERR_BODY_TIMEOUT: 'the next chunk of the body took too long (timeouts.chunk)',
}

const explained: Readonly<Record<string, string>> = {
  ERR_SSL_WRONG_VERSION_NUMBER: 'the server does not speak TLS (is it an http:// address?)',
}

/** Codes that a retry can't help: bad certificates, and servers that do not speak TLS. */
const permanent = /^(CERT_|ERR_TLS_|ERR_SSL_WRONG_VERSION|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_)/

/** undici's message if a proxy refuses the credentials, with CONNECT and without. */
const proxyRefused = /^Proxy (Authentication Required|response) \(407\)/

/**
 * An error of undici or the socket as a TIMEOUT or NETWORK error that names the destination of the request.
 *
 * @param proxy scheme, host and port of the proxy that the request went through, if any
 */
export function networkError(cause: unknown, origin: string, proxy?: string): LeadpipeError {
  forgetData(cause)
  const { code, message } = innermost(cause)
  const timeout = timeouts[code]
  const through = proxy === undefined ? '' : ` (through the proxy ${proxy})`
  if (timeout !== undefined) {
    return new LeadpipeError('TIMEOUT', `${origin}: ${timeout}${through}`, {
      retryable: true,
      cause,
      context: { origin },
    })
  }
  const refused = proxyRefused.test(message)
  const known = refused ? 'the credentials in the URL of the proxy were refused (407)' : explained[code]
  return new LeadpipeError(
    'NETWORK',
    `${origin}: ${known ?? (message || code || 'the connection failed')}${through}`,
    {
      retryable: !permanent.test(code) && !refused,
      cause,
      context: { origin, ...(code === '' ? {} : { code }) },
    },
  )
}

/** undici keeps the bytes that it could not parse: they may repeat the URL with the token, or contain a lead. */
function forgetData(cause: unknown): void {
  if (cause instanceof Error && cause.name === 'HTTPParserError') Object.assign(cause, { data: undefined })
}

/** A host with several addresses fails with an AggregateError without a message. */
function innermost(cause: unknown): { code: string; message: string } {
  const error = cause instanceof AggregateError && cause.message === '' ? cause.errors[0] : cause
  const { code = '', message = String(error) } = (error ?? {}) as { code?: string; message?: string }
  return { code: String(code), message }
}
