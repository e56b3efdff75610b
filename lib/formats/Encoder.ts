import { LeadpipeError, messageOf } from '../errors.ts'
import type { Json } from '../stage/Stage.ts'

/** Receives the next part of a document: text, or bytes if the format is binary. */
export type Write = (piece: string | Uint8Array) => void

/**
 * Writes records in a format, one after the other. All that `encode`, `cut` and `end` write is the document. An encoder
 * may hold records back (a row group of Parquet) until the next cut.
 */
export interface Encoder {
  /**
   * Writes one more record, or holds it back.
   *
   * @param line the record's JSON text as it arrived, in UTF-8 on one line, if that is known
   * @throws {TypeError} when the record can't be written in the format; nothing is written then
   */
  encode(record: unknown, write: Write, line?: Uint8Array): void
  /**
   * Writes everything that was held back: after it, the document can be resumed from `state`. Absent if nothing is ever
   * held.
   */
  cut?(write: Write): void
  /** Writes what follows the last record. */
  end(write: Write): void
  /**
   * The state that a new encoder needs to continue after the last cut, as plain JSON: whether the document is empty,
   * the columns of its header, the entries of its footer. Absent if it needs none.
   */
  state?(): Json
}

/** Creates an encoder: for a new document, or for the document of a state. */
export type EncoderOf = (state?: Json) => Encoder

/**
 * A SINK error about a record that can't be written in a format.
 *
 * @param number its number among the records, from 1
 */
export function encodeError(record: unknown, number: number, cause: unknown): LeadpipeError {
  const guid = (record as { guid?: unknown } | undefined)?.guid
  const who = typeof guid === 'string' ? `record ${number} (guid ${guid})` : `record ${number}`
  return new LeadpipeError('SINK', `${who} can't be written: ${messageOf(cause)}`, {
    cause,
    context: { record: number, ...(typeof guid === 'string' ? { guid } : {}) },
  })
}
