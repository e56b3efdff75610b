import { LeadpipeError, messageOf, reworded } from '../../errors.ts'
import { bodyError, gunzip, readText } from '../../http/body.ts'
import type { Clock } from '../../http/Clock.ts'
import type { RawAnswer } from '../../http/exchange.ts'
import { refusal, statusError } from '../../http/refusal.ts'
import type { Secrets } from './Secrets.ts'

/** An answer with its body. */
export interface HttpAnswer {
  status: number
  /** Names are in lower case. */
  headers: Readonly<Record<string, string | string[] | undefined>>
  /** The decoded body, up to 16 MiB. */
  body: string
}

/** A record that an answer refuses. */
export interface RefusedRecord {
  /** Its index in the batch, from 0. */
  index: number
  /** The receiver's reason. */
  reason?: string
}

/**
 * Reads an answer that is a 2xx (207, for example), or a 4xx that refuses records, and names the individual records
 * that the receiver refuses for good; all others count as accepted. If it returns undefined, the status decides: a
 * 2xx accepts all records, a 4xx refuses all, and a 206 or 207 (a part was accepted) fails the stream. Must be
 * synchronous. If it throws, or returns an invalid index, the stream fails.
 *
 * @param answer the answer, with its body
 * @param records the batch, in the order in which it was sent
 */
export type ReadAnswer<T> = (
  answer: HttpAnswer,
  records: readonly T[],
) => { refused: readonly RefusedRecord[] } | undefined

/** The final answer of a receiver to a body: a retry would not change it. */
export interface Outcome {
  answer: HttpAnswer
  /** Whether the answer's body is longer than the part that was read. */
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
  /** Whether the body of an answer is needed for more than a message. */
  readsAnswers: boolean
  /** Whether the body was sent before, and the receiver may have received it, but did not answer. */
  isRepeated: boolean
  clock: Clock
}

/** The maximum size in bytes of an answer for `readAnswer`: enough for 10,000 records. */
const answerLimit = 2 ** 24
/** The number of bytes that are read of any other answer, to free its connection for the next request. */
const unreadLimit = 65_536

/** Statuses that are retried, in addition to 429 and 5xx. */
const retriedStatuses = new Set([408, 425])
/** Statuses about credentials, or about what is the same for every body: method, URL, headers, connection. */
const generalStatuses = new Set([401, 403, 405, 406, 407, 411, 414, 417, 421, 426, 431])
/** Statuses of a success that may be partial. */
const partialStatuses = new Set([206, 207])

/**
 * Reads an answer: resolves if the receiver accepted or refused a body for good, rejects with a LeadpipeError in all
 * other cases, without any secrets.
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
    // The status decides, even if the body of the answer is cut off.
    await readText(raw.body, unreadLimit)
    return { answer: { status, headers, body: '' }, cut: false }
  }
  const plain = gunzip(raw, url, text => secrets.redact(text))
  const { text: body, cut, failure } = await readText(plain, answerLimit)
  if (failure !== undefined) throw bodyError(failure, origin)
  return { answer: { status, headers, body }, cut }
}

async function readRefusal(raw: RawAnswer, reading: Reading): Promise<Outcome> {
  const { url, secrets, readsAnswers, clock } = reading
  const { status, headers } = raw
  const redact = (text: string) => secrets.redact(text)
  const options = { url, redact, now: clock.now(), toError: statusError }
  const { error, text, cut, failure } = await refusal(raw, options, readsAnswers ? answerLimit : undefined)
  if (retriedStatuses.has(status)) throw reworded(error, error.problem, { retryable: true })
  if (status === 409) refuseOpenConflict(error, reading)
  if (status < 400 || status >= 500 || status === 429 || generalStatuses.has(status)) throw error
  // An answer that was cut off can't name records.
  const body = failure === undefined ? text : ''
  return { answer: { status, headers, body }, cut, refusal: error }
}

/**
 * A 409 may say that a request with the same Idempotency-Key is still being processed.
 *
 * @throws {LeadpipeError} HTTP, which can be retried, if it may mean that.
 */
function refuseOpenConflict(error: LeadpipeError, { isRepeated, readsAnswers }: Reading): void {
  const { retryAfter } = error.context as { retryAfter?: number }
  if (retryAfter !== undefined) throw reworded(error, error.problem, { retryable: true })
  // What else it says, only `readAnswer` can know.
  if (!isRepeated || readsAnswers) return
  const why = `${error.problem}, after an attempt that was not answered: the receiver may have accepted the records`
  throw reworded(error, why, { retryable: true })
}

/**
 * The records of a batch that an answer refuses, each once and in order.
 *
 * @throws {LeadpipeError} HTTP when `readAnswer` throws, returns an invalid index, or could not see the whole answer.
 */
export function refusedRecords<T>(
  { answer, cut, refusal }: Outcome,
  records: readonly T[],
  readAnswer: ReadAnswer<T> | undefined,
  secrets: Secrets,
  url: string,
): RefusedRecord[] {
  const { status } = answer
  const problem = (message: string, cause?: unknown) =>
    new LeadpipeError('HTTP', secrets.redact(message), { cause, context: { url, status } })
  const byStatus = () => {
    if (partialStatuses.has(status)) {
      throw problem(
        `${url} answered ${status}: it may have refused some records; only the option readAnswer of toHttp() can tell`,
      )
    }
    return refusal === undefined ? [] : records.map((_, index) => ({ index }))
  }
  // A 413 is about the size of the body; here the batch has only one record and can't be split further.
  if (readAnswer === undefined || status === 413) return byStatus()
  if (cut) throw problem('its answer is too long for readAnswer (16 MiB)')
  let named: ReturnType<ReadAnswer<T>>
  try {
    named = readAnswer(answer, records)
  } catch (cause) {
    throw problem(`readAnswer failed: ${messageOf(cause)}`, secrets.redactError(cause))
  }
  if (named === undefined) return byStatus()
  const refused = new Map<number, RefusedRecord>()
  if (!Array.isArray(named?.refused))
    throw problem('expected readAnswer to return { refused: [{ index, reason? }] }')
  for (const one of named.refused) {
    const { index, reason } = one ?? {}
    if (!Number.isInteger(index) || index < 0 || index >= records.length) {
      throw problem(`readAnswer named record ${String(index)} of a batch of ${records.length} (from 0)`)
    }
    refused.set(index, reason === undefined ? { index } : { index, reason: secrets.redact(String(reason)) })
  }
  return [...refused.values()].toSorted((a, b) => a.index - b.index)
}
