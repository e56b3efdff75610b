import type { AnswerContext } from '../errors/ErrorContexts.ts'
import { LeadpipeError } from '../errors.ts'
import { type BodyText, gunzip, readText } from './body.ts'
import { type AnswerHeaders, header, type RawAnswer, serverTime } from './exchange.ts'
import { parseRetryAfter } from './retry.ts'

/** Characters of an error body that are kept in the error's context. */
const excerptLength = 4_096
/** Bytes of an error body that are read, for its message and so that the connection is free again. */
const errorLength = 65_536

/** An answer that is not a success, without secrets. */
export interface ErrorAnswer {
  status: number
  headers: AnswerHeaders
  /** The URL and the server's answer, for example "https://api.example/x answered 404: no such list". */
  message: string
  /** The beginning of the body: at most 65,536 characters. */
  text: string
  /** `{ status, url, excerpt, retryAfter?, location? }`; `retryAfter` in milliseconds. */
  context: AnswerContext
}

/** How an answer that is not a success is read. */
export interface RefusalOptions {
  /** Scheme, host and path, without secrets. */
  url: string
  /** Removes the secrets from the server's text. */
  redact(text: string): string
  /** Milliseconds since 1970. */
  now: number
  /** Converts the answer to an error. */
  toError(answer: ErrorAnswer): LeadpipeError
}

/** The error for an answer that is not a success, and the text of its body. */
export interface Refusal extends BodyText {
  error: LeadpipeError
}

/**
 * Reads an answer that is not a success, and converts it to an error.
 *
 * @param limit bytes of the body that are read; the error keeps less of the text, without secrets
 */
export async function refusal(
  raw: RawAnswer,
  options: RefusalOptions,
  limit = errorLength,
): Promise<Refusal> {
  const body = await errorText(raw, options, limit)
  return { ...body, error: options.toError(errorAnswerOf(raw, body.text.slice(0, errorLength), options)) }
}

/**
 * Extracts the message of an answer that is not a success. Its text may be JSON (`{"status":"error","message":"…"}`),
 * an HTML page (seen for a 401), or empty.
 */
export function errorAnswerOf(
  { status, headers }: Pick<RawAnswer, 'status' | 'headers'>,
  body: string,
  { url, redact, now }: Omit<RefusalOptions, 'toError'>,
): ErrorAnswer {
  const text = redact(body)
  const excerpt = text.slice(0, excerptLength)
  const serverMessage = messageIn(excerpt)
  // A date is read by the server's own clock, which may differ from ours.
  const retryAfter = parseRetryAfter(header(headers, 'retry-after'), serverTime(headers, now).time)
  const location = isRedirect(status) ? locationIn(headers, url, redact) : undefined
  const where = location === undefined ? '' : ` with the location ${location}`
  return {
    status,
    headers,
    message: `${url} answered ${status}${where}${serverMessage === '' ? '' : `: ${serverMessage}`}`,
    text,
    context: {
      ...{ status, url, excerpt },
      ...(retryAfter === undefined ? {} : { retryAfter }),
      ...(location === undefined ? {} : { location }),
    },
  }
}

/** Only a 304 is no redirect: it says that nothing has changed. */
const isRedirect = (status: number) => status >= 300 && status < 400 && status !== 304

/** Where a redirect leads to: scheme, host and path, because userinfo and query may contain secrets. */
function locationIn(
  headers: AnswerHeaders,
  url: string,
  redact: (text: string) => string,
): string | undefined {
  const given = header(headers, 'location')
  if (given === undefined || !URL.canParse(given, url)) return undefined
  const { protocol, host, pathname } = new URL(given, url)
  return redact(`${protocol}//${host}${pathname}`)
}

/** The error for the status of any server's answer: AUTH, RATE_LIMIT or HTTP. */
export function statusError({ status, message, context }: ErrorAnswer): LeadpipeError {
  if (status === 401 || status === 403) {
    return new LeadpipeError('AUTH', `the credentials were refused: ${message}`, { context })
  }
  if (status === 429) {
    return new LeadpipeError('RATE_LIMIT', `too many requests: ${message}`, { retryable: true, context })
  }
  if (isRedirect(status)) {
    return new LeadpipeError('HTTP', `redirects are not followed: ${message}`, { context })
  }
  return new LeadpipeError('HTTP', message, { retryable: status >= 500, context })
}

/** Reads the body if possible. Failing to read it is not an error, because the status is enough. */
async function errorText(raw: RawAnswer, { url, redact }: RefusalOptions, limit: number): Promise<BodyText> {
  try {
    return await readText(gunzip(raw, url, redact), limit)
  } catch (failure) {
    return { text: '', cut: false, failure }
  }
}

function messageIn(excerpt: string): string {
  try {
    const { message } = JSON.parse(excerpt) as { message?: unknown }
    if (typeof message === 'string') return onOneLine(message)
  } catch {
    // Not JSON, or cut by the limit of the excerpt: the text itself is used.
  }
  const text = onOneLine(excerpt.replace(/<(style|script)[\s\S]*?<\/\1>/gi, ' ').replace(/<[^>]*>/g, ' '))
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}

/** Replaces line breaks and control characters by spaces: they would break a log line, or control a terminal. */
function onOneLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, ' ').trim()
}
