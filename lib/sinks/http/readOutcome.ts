import { LeadpipeError } from '../../errors.ts'
import { bodyError, gunzip, readText } from '../../http/body.ts'
import type { Clock } from '../../http/Clock.ts'
import type { RawAnswer } from '../../http/exchange.ts'
import { refusal, statusError } from '../../http/refusal.ts'
import type { HttpAnswer } from './ReadAnswer.ts'
import type { Secrets } from './Secrets.ts'

/** What a receiver said to a body, when it is no use to ask again. */
export interface Outcome {
  answer: HttpAnswer
  /** Whether the answer's body is longer than what was read of it. */
  cut: boolean
  /** Why the body was refused; absent after a 2xx. */
  refusal?: LeadpipeError
}

/** How answers are read. */
export interface Reading {
  /** Scheme, host and path. */
  url: string
  origin: string
  secrets: Secrets
  /** Whether the body of an answer is of interest, beyond what it says in a message. */
  readsAnswers: boolean
  clock: Clock
}

/** An answer that is read for its records: as much of it as 10,000 of them may need. */
const answerLimit = 2 ** 24
/** An answer that is read so that its connection is free for the next request. */
const unreadLimit = 65_536

/** Statuses that a repetition may change, besides 429 and 5xx. */
const passing = new Set([408, 425])
/** Statuses about credentials: they say nothing of the records. */
const credentials = new Set([401, 403, 407])

/**
 * Reads an answer: resolves when the receiver accepted or refused a body for good, rejects with a LeadpipeError
 * for everything else, without a trace of the secrets.
 *
 * @throws {LeadpipeError} AUTH, RATE_LIMIT, HTTP, NETWORK, TIMEOUT or DECODE.
 */
export function readOutcome(answer: RawAnswer, reading: Reading): Promise<Outcome> {
  return answer.ok ? readSuccess(answer, reading) : readRefusal(answer, reading)
}

async function readSuccess(
  raw: RawAnswer,
  { url, origin, secrets, readsAnswers }: Reading,
): Promise<Outcome> {
  const { status, headers } = raw
  if (!readsAnswers) {
    // The status decides; that the rest of the answer broke off does not undo it.
    await readText(raw.body, unreadLimit)
    return { answer: { status, headers, body: '' }, cut: false }
  }
  const plain = gunzip(raw, url, text => secrets.redact(text))
  const { text: body, cut, failure } = await readText(plain, answerLimit)
  if (failure !== undefined) throw bodyError(failure, origin)
  return { answer: { status, headers, body }, cut }
}

async function readRefusal(raw: RawAnswer, { url, secrets, readsAnswers, clock }: Reading): Promise<Outcome> {
  const { status, headers } = raw
  const redact = (text: string) => secrets.redact(text)
  const options = { url, redact, now: clock.now(), toError: statusError }
  const { error, text, cut, failure } = await refusal(raw, options, readsAnswers ? answerLimit : undefined)
  if (passing.has(status)) throw repeatable(error)
  if (status < 400 || status >= 500 || status === 429 || credentials.has(status)) throw error
  // Half an answer names no records.
  const body = failure === undefined ? text : ''
  return { answer: { status, headers, body }, cut, refusal: error }
}

function repeatable(error: LeadpipeError): LeadpipeError {
  const { code, message, cause, context } = error
  return new LeadpipeError(code, message, { retryable: true, cause, context })
}
