import { LeadpipeError, messageOf } from '../errors.ts'
import type { Json } from '../stage/Stage.ts'

/**
 * Writes records in a format, one after the other. What `encode`, `cut` and `end` return, joined, is the document: text,
 * or bytes where the format is no text. An encoder may hold records back (a row group of Parquet) until the next cut.
 */
export interface Encoder {
  /**
   * What one more record adds; nothing where it is held back.
   *
   * @throws {TypeError} when the record can't be written in the format
   */
  encode(record: unknown): string | Uint8Array
  /** Everything that was held back: after it, the document can be resumed from `state`. Absent if nothing ever is. */
  cut?(): string | Uint8Array
  /** What stands behind the last record. */
  end(): string | Uint8Array
  /**
   * What a new encoder needs to go on behind the last cut, as plain JSON: whether the document is empty, the columns of
   * its header, what its footer lists. Absent if it needs nothing.
   */
  state?(): Json
}

/** Makes an encoder: for a new document, or for the one of a state. */
export type EncoderOf = (state?: Json) => Encoder

/**
 * A SINK error about a record that can't be written in a format.
 *
 * @param number its place among the records, from 1
 */
export function encodeError(record: unknown, number: number, cause: unknown): LeadpipeError {
  const guid = (record as { guid?: unknown } | undefined)?.guid
  const who = typeof guid === 'string' ? `record ${number} (guid ${guid})` : `record ${number}`
  return new LeadpipeError('SINK', `${who} can't be written: ${messageOf(cause)}`, {
    cause,
    context: { record: number, ...(typeof guid === 'string' ? { guid } : {}) },
  })
}
