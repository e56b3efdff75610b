import type { LeadpipeError } from '../errors.ts'
import { gunzip } from './gunzip.ts'
import { header } from './header.ts'
import { type BodyText, readText } from './readText.ts'
import { parseRetryAfter } from './retryDelay.ts'
import { statusError } from './statusError.ts'
import type { RawAnswer } from './transmit.ts'

/** So many characters of an error body are kept, to see what it says. */
const excerptLength = 4_096
/** So many bytes are read: for the name of the limit in a 429, and so that the connection may be free. */
const errorLength = 65_536

/** What an error is told with. */
export interface Telling {
  /** Scheme, host and path, without secrets. */
  url: string
  /** Removes the secrets from what the server says. */
  redact(text: string): string
  /** Milliseconds since 1970. */
  now: number
}

/** Why an answer is no success, and what it says. */
export interface Refusal extends BodyText {
  /** AUTH, RATE_LIMIT, DAILY_LIMIT or HTTP. */
  error: LeadpipeError
}

/**
 * Reads an answer that is no success, and makes it an error without secrets.
 *
 * @param limit how many bytes of the body are read: its text, unlike the error, has everything in it
 */
export async function refusal(raw: RawAnswer, told: Telling, limit = errorLength): Promise<Refusal> {
  const { status, headers } = raw
  const { url, redact, now } = told
  const said = await errorText(raw, told, limit)
  const text = redact(said.text.slice(0, errorLength))
  const error = statusError(status, url, text.slice(0, excerptLength), {
    retryAfter: parseRetryAfter(header(headers, 'retry-after'), now),
    dailyRemaining: header(headers, 'x-hubspot-ratelimit-daily-remaining'),
    text,
  })
  return { ...said, error }
}

/** The status says enough: what can be read of the body is a help, not a condition. */
async function errorText(raw: RawAnswer, { url, redact }: Telling, limit: number): Promise<BodyText> {
  try {
    return await readText(gunzip(raw, url, redact), limit)
  } catch (failure) {
    return { text: '', cut: false, failure }
  }
}
