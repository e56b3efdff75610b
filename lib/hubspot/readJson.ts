import type { Readable } from 'node:stream'
import { LeadpipeError } from '../errors.ts'
import { bodyError, readText } from '../http/body.ts'
import type { AnswerHeaders } from '../http/exchange.ts'
import { errorAnswerOf } from '../http/refusal.ts'
import { errorBody } from './rateLimits.ts'

/** A successful answer. */
interface JsonAnswer {
  status: number
  url: string
  headers: AnswerHeaders
  /** The decoded body. */
  body: Readable
}

/** How a small answer is read. */
export interface JsonOptions {
  /** Bytes of the decoded body at most. */
  maxBytes: number
  redact(text: string): string
  /** Milliseconds since 1970. */
  now: number
  signal: AbortSignal | undefined
}

/**
 * Reads an answer that is small, such as the definitions of properties, to its end.
 *
 * @throws {LeadpipeError} DECODE if it is not JSON, larger than `maxBytes`, cut off, or an error; NETWORK or TIMEOUT; the
 * signal's reason after an abort.
 */
export async function readJson(answer: JsonAnswer, options: JsonOptions): Promise<unknown> {
  const { maxBytes, redact, now, signal } = options
  const { url } = answer
  const { text, cut, failure } = await readText(answer.body, maxBytes)
  if (failure !== undefined) {
    signal?.throwIfAborted()
    throw bodyError(failure, new URL(url).origin)
  }
  if (cut) {
    throw new LeadpipeError(
      'DECODE',
      `${url} answered more than ${maxBytes} bytes, expected a small answer`,
      {
        context: { problem: 'limit', status: answer.status, url },
      },
    )
  }
  const isError = /^error$/i.test(String(errorBody(text).status))
  try {
    if (!isError) return JSON.parse(text)
  } catch {
    // The message of the parser may repeat secrets; that of the answer has none.
  }
  const { message, context } = errorAnswerOf(answer, text, { url, redact, now })
  const shown = text.trim() === '' ? `${message} and nothing` : message
  throw new LeadpipeError('DECODE', `expected JSON, but ${shown}`, {
    // A page of a proxy, or HubSpot's own form of an error, is as transient as with a 503.
    retryable: isError || !/^\s*[[{]/.test(text),
    context: { ...context, problem: 'malformed' },
  })
}
