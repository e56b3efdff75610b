import { Readable } from 'node:stream'
import { bodyError } from '../../client/bodyError.ts'
import type { Clock } from '../../client/Clock.ts'
import { gunzip } from '../../client/gunzip.ts'
import { type Answer, type OutgoingRequest, send } from '../../client/send.ts'
import { LeadpipeError } from '../../errors.ts'
import type { HttpAnswer } from './ReadAnswer.ts'
import { type BodyText, readText } from './readText.ts'
import type { Secrets } from './Secrets.ts'

/** What a receiver said to a body, when it is no use to ask again. */
export interface Outcome {
  answer: HttpAnswer
  /** Whether the answer's body is longer than what was read of it. */
  cut: boolean
  /** Why the body was refused; absent after a 2xx. */
  refusal?: LeadpipeError
}

/** One request to a receiver. */
export interface Exchange {
  dispatcher: Dispatcher
  origin: string
  request: OutgoingRequest
  clock: Clock
  secrets: Secrets
  /** Whether the body of an answer is of interest, beyond what it says in a message. */
  readsAnswers: boolean
  /** Called with the status of the answer, whatever it is. */
  onHeaders(status: number): void
}

type Dispatcher = Parameters<typeof send>[0]
type Response = Awaited<ReturnType<Dispatcher['request']>>

/** An answer that is read for its records: as much of it as 10,000 of them may need. */
const answerLimit = 2 ** 24
/** An answer that is read for a message, or so that its connection is free for the next request. */
const excerptLimit = 65_536

/** Statuses that a repetition may change, besides 429 and 5xx. */
const passing = new Set([408, 425])
/** Statuses about credentials: they say nothing of the records. */
const credentials = new Set([401, 403, 407])

/**
 * One attempt: resolves when a receiver accepted or refused a body for good, rejects with a LeadpipeError for
 * everything else, without a trace of the secrets.
 *
 * @throws {LeadpipeError} AUTH, RATE_LIMIT, DAILY_LIMIT, HTTP, NETWORK, TIMEOUT or DECODE.
 */
export async function exchange(given: Exchange): Promise<Outcome> {
  const { origin, request, clock, onHeaders, readsAnswers } = given
  let refused: Omit<Outcome, 'refusal'> | undefined
  const dispatcher = overhear(given, outcome => {
    refused = outcome
  })
  let answer: Answer
  try {
    answer = await send(dispatcher, origin, request, clock, onHeaders)
  } catch (error) {
    if (!(error instanceof LeadpipeError) || refused === undefined) throw error
    const { status } = refused.answer
    if (passing.has(status)) throw repeatable(error)
    if (status < 400 || status >= 500 || status === 429 || credentials.has(status)) throw error
    return { ...refused, refusal: error }
  }
  const { status, headers } = answer
  if (!readsAnswers) {
    // The status decides; that the rest of the answer broke off does not undo it.
    await readText(answer.body, excerptLimit).catch(() => {})
    return { answer: { status, headers, body: '' }, cut: false }
  }
  try {
    const { text: body, cut } = await readText(answer.body, answerLimit)
    return { answer: { status, headers, body }, cut }
  } catch (cause) {
    throw bodyError(cause, origin)
  }
}

/**
 * Stands between `send` and the connections: reads the body of an answer that is no success, and hands on what
 * may be told of it.
 */
function overhear(
  { dispatcher, request, secrets, readsAnswers }: Exchange,
  onRefusal: (outcome: Omit<Outcome, 'refusal'>) => void,
): Dispatcher {
  const ask = async (options: Parameters<Dispatcher['request']>[0]): Promise<Response> => {
    const response = await dispatcher.request(options)
    const { statusCode: status, headers } = response
    if (status >= 200 && status < 300) {
      const said = readsAnswers ? encodingOf(headers) : undefined
      // An encoding that `send` does not know is named in its error.
      const encoding = said === undefined ? {} : { 'content-encoding': secrets.redact(said) }
      return { ...response, headers: { ...plain(headers), ...encoding } }
    }
    const { text, cut } = await refusalText(response, request.url, readsAnswers ? answerLimit : excerptLimit)
    onRefusal({ answer: { status, headers, body: text }, cut })
    const told = secrets.redact(text.slice(0, excerptLimit))
    const body = Readable.from([Buffer.from(told)]) as Response['body']
    return { ...response, headers: plain(headers), body }
  }
  return { request: ask } as Dispatcher
}

async function refusalText({ headers, body }: Response, url: string, limit: number): Promise<BodyText> {
  try {
    return await readText(gunzip(body, encodingOf(headers), url), limit)
  } catch {
    // The status says enough: what can be read of the body is a help, not a condition.
    return { text: '', cut: false }
  }
}

function encodingOf({ 'content-encoding': encoding }: Response['headers']): string | undefined {
  return Array.isArray(encoding) ? encoding[0] : encoding
}

function plain({ 'content-encoding': _, ...headers }: Response['headers']): Response['headers'] {
  return headers
}

function repeatable(error: LeadpipeError): LeadpipeError {
  const { code, message, cause, context } = error
  return new LeadpipeError(code, message, { retryable: true, cause, context })
}
