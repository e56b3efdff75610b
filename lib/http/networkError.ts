import { LeadpipeError } from '../errors.ts'

const timeouts: Readonly<Record<string, string>> = {
  UND_ERR_CONNECT_TIMEOUT: 'connecting took too long (timeouts.connect)',
  UND_ERR_HEADERS_TIMEOUT: "the answer's headers took too long (timeouts.headers)",
  UND_ERR_BODY_TIMEOUT: 'the next chunk of the body took too long (timeouts.chunk)',
}

const noTls = 'the server does not speak TLS (is it an http:// address?)'

/** What an error code means, for those whose message does not say it. */
const explained: Readonly<Record<string, string>> = {
  // Which of the two depends on the version of OpenSSL.
  ERR_SSL_WRONG_VERSION_NUMBER: noTls,
  ERR_SSL_PACKET_LENGTH_TOO_LONG: noTls,
  UND_ERR_HEADERS_OVERFLOW:
    'the headers of the answer are larger than Node allows; NODE_OPTIONS=--max-http-header-size=65536 allows more',
}

/** What undici's message means if the code does not say it. */
const explainedMessages: readonly (readonly [RegExp, string])[] = [
  // undici's messages if a proxy refuses the credentials, with CONNECT and without.
  [
    /^Proxy (Authentication Required|response) \(407\)/,
    'the credentials in the URL of the proxy were refused (407)',
  ],
  [/^bad upgrade$/, 'the server switches to another protocol (101), which was not requested'],
]

/** Certificates that can't be traced to an authority that Node trusts. */
const unknownAuthority = /^(DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED|UNABLE_TO_GET_ISSUER|UNABLE_TO_VERIFY)/

/** Codes that a retry can't help: bad certificates, servers that speak TLS differently or not, too large headers. */
const permanent =
  /^(CERT_|ERR_TLS_|ERR_SSL_(WRONG_VERSION|PACKET_LENGTH|UNSUPPORTED|\w+_ALERT_)|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|INVALID_CA|HOSTNAME_MISMATCH|UND_ERR_HEADERS_OVERFLOW)/

/**
 * An error of undici or the socket as a TIMEOUT or NETWORK error that names the destination of the request.
 *
 * @param proxy scheme, host and port of the proxy that the request went through, if any
 */
export function networkError(cause: unknown, origin: string, proxy?: string): LeadpipeError {
  const speaksTls = wasAnsweredInTls(cause)
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
  const meaning = explainedMessages.find(([pattern]) => pattern.test(message))?.[1]
  const known = meaning ?? explained[code] ?? (shortened(message) || code || 'the connection failed')
  const isPlain = origin.startsWith('http:')
  const hint =
    isPlain && (speaksTls || isUnanswered(cause))
      ? ' (is it an https:// address?)'
      : unknownAuthority.test(code)
        ? '; if this certificate is to be trusted, set NODE_EXTRA_CA_CERTS to the file of its authority'
        : ''
  return new LeadpipeError('NETWORK', `${origin}: ${known}${hint}${through}`, {
    retryable: !permanent.test(code) && meaning === undefined && !speaksTls,
    cause,
    context: { origin, ...(code === '' ? {} : { code }) },
  })
}

/** OpenSSL's messages have its reason between the names of functions and files. */
function shortened(message: string): string {
  const reason = /:SSL routines:[^:]*:([^:]+):/.exec(message)?.[1]
  return reason === undefined ? message : `TLS failed: ${reason}`
}

/** Whether the answer to a plain request was an alert of TLS. */
function wasAnsweredInTls(cause: unknown): boolean {
  const { name, data } = (cause ?? {}) as { name?: string; data?: string }
  return name === 'HTTPParserError' && String(data).startsWith('\x15\x03')
}

/** Whether the connection was closed before anything was answered, as servers of TLS do after a plain request. */
function isUnanswered(cause: unknown): boolean {
  const { code, socket } = (cause ?? {}) as { code?: string; socket?: { bytesRead?: number } }
  return code === 'UND_ERR_SOCKET' && socket?.bytesRead === 0
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
