import { LeadpipeError, messageOf } from '../errors.ts'
import type { Json } from '../stage/Stage.ts'

/**
 * Writes records in a format, one after the other. The results of `encode`, `cut` and `end`, joined, are the
 * document: text, or bytes if the format is binary. An encoder may hold records back (a row group of Parquet) until
 * the next cut.
 */
export interface Encoder {
  /**
   * The output for one more record; empty if the record is held back.
   *
   * @throws {TypeError} when the record can't be written in the format
   */
  encode(record: unknown): string | Uint8Array
  /**
   * Everything that was held back: after it, the document can be resumed from `state`. Absent if nothing is ever
   * held.
   */
  cut?(): string | Uint8Array
  /** The text or bytes after the last record. */
  end(): string | Uint8Array
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
