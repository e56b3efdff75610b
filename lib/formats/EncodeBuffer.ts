import type { Json } from '../stage/Stage.ts'
import { type Encoder, encodeError, type Write } from './Encoder.ts'

/** Bytes, and the number of records in them. */
export interface Block {
  bytes: Buffer
  records: number
}

/** The numbers of an encoder's document. */
export interface EncodedCounts {
  /** Records. */
  records: number
  /** Those whose text was written as it arrived. */
  unchanged: number
}

/** UTF-8 needs at most three bytes for each unit of a string. */
const maxBytesPerUnit = 3
/** Room for the record that fills a block. */
const margin = 65_536

/** Encodes records into blocks, so that the destination gets few large writes. */
export class EncodeBuffer {
  /** The numbers so far, those of earlier processes included. */
  readonly counts: EncodedCounts
  readonly #encoder: Encoder
  readonly #blockLength: number
  #block: Buffer | undefined
  /** Bytes and records in the block. */
  #length = 0
  #held = 0

  /**
   * @param blockLength number of bytes from which a block is full
   * @param counts the numbers of earlier processes; errors count their records, too
   */
  constructor(
    encoder: Encoder,
    blockLength: number,
    { records = 0, unchanged = 0 }: Partial<EncodedCounts> = {},
  ) {
    this.#encoder = encoder
    this.#blockLength = blockLength
    this.counts = { records, unchanged }
  }

  /** The state that a new encoder needs to continue after the last cut; undefined for none. */
  get state(): Json | undefined {
    return this.#encoder.state?.()
  }

  /**
   * Adds a record; returns a block when one is full.
   *
   * @param line the record's JSON text as it arrived, in UTF-8 on one line, if that is known
   * @throws {LeadpipeError} SINK when the record can't be written in the format.
   */
  add(record: unknown, line?: Uint8Array): Block | undefined {
    this.counts.records += 1
    if (line !== undefined) this.counts.unchanged += 1
    try {
      this.#encoder.encode(record, this.#write, line)
    } catch (cause) {
      throw encodeError(record, this.counts.records, cause)
    }
    this.#held += 1
    return this.#length >= this.#blockLength ? this.#takeBlock() : undefined
  }

  /** The remaining bytes, and the end of the document. */
  end(): Block {
    this.#encoder.end(this.#write)
    return this.#takeBlock()
  }

  /** The bytes so far, full block or not; may be empty. The document can be resumed after them. */
  cut(): Block {
    this.#encoder.cut?.(this.#write)
    return this.#takeBlock()
  }

  /** Measured: one write of each text into the block takes a third of the time of joining the texts first. */
  readonly #write: Write = piece => {
    if (typeof piece === 'string') {
      const bytes = piece.length > margin ? Buffer.byteLength(piece) : piece.length * maxBytesPerUnit
      this.#length += this.#reserve(bytes).write(piece, this.#length)
      return
    }
    this.#reserve(piece.length).set(piece, this.#length)
    this.#length += piece.length
  }

  /** A block with room for some bytes more. */
  #reserve(bytes: number): Buffer {
    this.#block ??= Buffer.allocUnsafeSlow(this.#blockLength + margin)
    if (this.#block.length - this.#length >= bytes) return this.#block
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.#block.length, this.#length + bytes))
    this.#block.copy(larger, 0, 0, this.#length)
    this.#block = larger
    return larger
  }

  #takeBlock(): Block {
    const bytes = this.#block?.subarray(0, this.#length) ?? Buffer.alloc(0)
    const block = { bytes, records: this.#held }
    this.#block = undefined
    this.#length = 0
    this.#held = 0
    return block
  }
}
