/** Turns records into text, one after the other; what `encode` and `end` return, joined, is the document. */
export interface Encoder {
  /**
   * The text of one more record.
   *
   * @throws {TypeError} when the record can't be written in the format.
   */
  encode(record: unknown): string
  /** The text behind the last record. */
  end(): string
}
