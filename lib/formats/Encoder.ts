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
