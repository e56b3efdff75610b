import { LeadpipeError, messageOf } from '../../errors.ts'
import type { ReadAnswer, RefusedRecord } from './ReadAnswer.ts'
import type { Outcome } from './readOutcome.ts'
import type { Secrets } from './Secrets.ts'

/**
 * Which records of a batch an answer refuses, each once and in order.
 *
 * @throws {LeadpipeError} HTTP when `readAnswer` fails, names what is no record, or could not see all.
 */
export function judge<T>(
  { answer, cut, refusal }: Outcome,
  records: readonly T[],
  readAnswer: ReadAnswer<T> | undefined,
  secrets: Secrets,
): RefusedRecord[] {
  const all = () => records.map((_, index) => ({ index }))
  const byStatus = () => (refusal === undefined ? [] : all())
  // A 413 is about the body's size: it has been divided as far as it goes.
  if (readAnswer === undefined || answer.status === 413) return byStatus()
  const problem = (message: string, cause?: unknown) =>
    new LeadpipeError('HTTP', secrets.redact(message), { cause, context: { status: answer.status } })
  if (cut) throw problem('its answer is too long for readAnswer (16 MiB)')
  let named: ReturnType<ReadAnswer<T>>
  try {
    named = readAnswer(answer, records)
  } catch (cause) {
    throw problem(`readAnswer failed: ${messageOf(cause)}`, secrets.redactError(cause))
  }
  if (named === undefined) return byStatus()
  const refused = new Map<number, RefusedRecord>()
  if (!Array.isArray(named?.refused)) throw problem('readAnswer gave no { refused: [{ index, reason? }] }')
  for (const one of named.refused) {
    const { index, reason } = one ?? {}
    if (!Number.isInteger(index) || index < 0 || index >= records.length) {
      throw problem(`readAnswer named record ${String(index)} of a batch of ${records.length} (from 0)`)
    }
    refused.set(index, reason === undefined ? { index } : { index, reason: secrets.redact(String(reason)) })
  }
  return [...refused.values()].toSorted((a, b) => a.index - b.index)
}
