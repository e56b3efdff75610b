import type { Encoder } from './Encoder.ts'
import { encodeError } from './encodeError.ts'

/** Bytes, and how many records they hold. */
export interface Block {
  bytes: Buffer
  records: number
}

/** Encodes records and collects their text into blocks, so that the destination gets few large writes. */
export class EncodeBuffer {
  readonly #encoder: Encoder
  readonly #blockLength: number
  #text = ''
  #held = 0
  #seen: number

  /**
   * @param blockLength characters from which a block is full
   * @param seen records that came before, in a process that has ended: errors count them, too
   */
  constructor(encoder: Encoder, blockLength: number, seen = 0) {
    this.#encoder = encoder
    this.#blockLength = blockLength
    this.#seen = seen
  }

  /**
   * Takes a record; returns a block when one is full.
   *
   * @throws {LeadpipeError} SINK when the record can't be written in the format.
   */
  add(record: unknown): Block | undefined {
    this.#seen += 1
    try {
      this.#text += this.#encoder.encode(record)
    } catch (cause) {
      throw encodeError(record, this.#seen, cause)
    }
    this.#held += 1
    return this.#text.length >= this.#blockLength ? this.cut() : undefined
  }

  /** What is left, and the end of the document. */
  end(): Block {
    this.#text += this.#encoder.end()
    return this.cut()
  }

  /** What is there so far, full or not; nothing may be. */
  cut(): Block {
    const block = { bytes: Buffer.from(this.#text), records: this.#held }
    this.#text = ''
    this.#held = 0
    return block
  }
}
