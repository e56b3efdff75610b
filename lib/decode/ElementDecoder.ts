/** What a decoder counted in one body; each number has a counter of its own, for the ledger. */
export interface DecodeCounts {
  /** Bytes of the body, after gunzip. */
  bytes: number
  /** Elements whose beginning was found. */
  scanned: number
  /** Elements that stream-json's tokens account for; it may lag by one until the body has ended. */
  tokenised: number
  /** Elements that were parsed. */
  decoded: number
  /** Elements that are no JSON, or too large to be looked at. */
  malformed: number
  /** U+FFFD characters that stand for bytes which are no UTF-8. */
  replacedCharacters: number
}

/** How a decoder is set up. */
export interface DecoderOptions {
  /** Number of the page, from 1, for error messages. */
  page: number
  /** Where the array is: the keys that lead to it, [] when the body is the array itself. */
  path: readonly string[]
  /** The most bytes one element may have. */
  maxLeadBytes: number
  /** The deepest nesting inside one element. */
  maxDepth: number
  /**
   * What becomes of an element that is no JSON, or too large: 'fail' ends the body with DECODE, 'hand on'
   * gives a {@link Rejected} in its place, where the lane can tell what follows it. Default: 'fail'.
   */
  rejected?: 'fail' | 'hand on'
}

/** What was taken last from a decoder. */
export interface LastElement {
  /** Its text, as it was sent; undefined where the lane does not keep it. */
  raw: string | undefined
  /** Offset of its first byte in the body; how far the body was read where the lane does not know. */
  byte: number
}

/**
 * Turns the bytes of one body into the elements of its array. Two lanes implement it, `expressDecoder` and
 * `streamJsonDecoder`; they give the same elements for the same bytes, however those are cut.
 */
export interface ElementDecoder {
  readonly counts: DecodeCounts
  /** About the element that was taken last. */
  readonly last: Readonly<LastElement>
  /**
   * The elements that `chunk` completes, parsed as they are taken. Take them all before the next chunk.
   *
   * @throws {LeadpipeError} DECODE
   */
  write(chunk: Uint8Array): Iterable<unknown>
  /**
   * Says that the body has ended.
   *
   * @throws {LeadpipeError} DECODE when the array is not closed, or is not there.
   */
  end(): void
}
