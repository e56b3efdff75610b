import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { LeadpipeError } from '../../errors.ts'
import type { Clock } from '../../http/Clock.ts'
import { type HttpBatch, halves } from './Batcher.ts'
import { batchKey, bodyFormats, bodyOf } from './body.ts'
import type { DeadLetters } from './DeadLetters.ts'
import type { HttpCounts } from './httpState.ts'
import type { HttpSettings } from './options.ts'
import type { Receiver } from './Receiver.ts'
import { type Outcome, type RefusedRecord, refusedRecords } from './readOutcome.ts'
import type { Secrets } from './Secrets.ts'

/** What the delivery of a batch needs. */
export interface Delivery<T> {
  receiver: Receiver
  settings: HttpSettings<T>
  runId: string
  secrets: Secrets
  clock: Clock
  deadLetters: DeadLetters | undefined
  /** Updated during the delivery. */
  counts: Omit<HttpCounts, 'received' | 'requests' | 'retries'>
  /** Aborts the delivery between two requests. */
  signal: AbortSignal
}

const zip = promisify(gzip)
const excerptLength = 1_000

/**
 * Delivers a batch: sends it, in halves if it is too large, and handles refused records as `onRefused` says. One
 * request at a time, the records in order.
 *
 * @throws {LeadpipeError} when a part of it can't be delivered; the parts before it are counted.
 */
export async function deliver<T>(batch: HttpBatch<T>, delivery: Delivery<T>): Promise<void> {
  const { receiver, settings, runId, counts, signal } = delivery
  const parts = [batch]
  for (let part = parts.shift(); part !== undefined; part = parts.shift()) {
    const plain = bodyOf(part.texts, bodyFormats[settings.format])
    const key = batchKey(runId, part.position, plain)
    const body = settings.compression === 'gzip' ? await zip(plain) : plain
    signal.throwIfAborted()
    const outcome = await receiver.post(body, key)
    if (outcome.answer.status === 413 && part.records.length > 1) {
      counts.splits += 1
      parts.unshift(...halves(part))
      continue
    }
    counts.batches += 1
    counts.bytes += body.length
    await settle(part, key, outcome, delivery)
  }
}

async function settle<T>(
  { records, position }: HttpBatch<T>,
  key: string,
  outcome: Outcome,
  { settings, secrets, clock, counts, deadLetters, receiver }: Delivery<T>,
): Promise<void> {
  const refused = refusedRecords(outcome, records, settings.readAnswer, secrets, receiver.url)
  counts.acknowledged += records.length - refused.length
  if (refused.length === 0) return
  if (settings.onRefused === 'fail')
    throw refusalError(refused, records.length, position, outcome, receiver.url)
  const { status, body } = outcome.answer
  // Only the beginning is searched for secrets, because an answer may be large.
  const answer = secrets.redact(body.slice(0, 2 ** 16)).slice(0, excerptLength)
  for (const { index, reason } of refused) {
    if (deadLetters !== undefined) {
      const record = records[index]
      const why = reason === undefined ? {} : { reason }
      await deadLetters.add({ record, status, answer, ...why, batchKey: key, time: clock.now() })
    }
    counts.refused += 1
    counts.acknowledged += 1
  }
}

/** The error for refused records: it has their positions in the stream and a reason, but not their data. */
function refusalError(
  refused: readonly RefusedRecord[],
  count: number,
  position: number,
  { answer: { status }, refusal }: Outcome,
  url: string,
): LeadpipeError {
  if (refusal !== undefined && refused.length === count) return refusal
  const reason = refused.find(record => record.reason !== undefined)?.reason
  const because = reason === undefined ? '' : `: ${reason}`
  const message = `${url} answered ${status} and refused ${refused.length} of ${count} records${because}`
  const positions = refused.slice(0, 100).map(({ index }) => position + index)
  return new LeadpipeError('HTTP', message, { context: { url, status, refused: positions } })
}
