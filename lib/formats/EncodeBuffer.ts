import type { Json } from '../stage/Stage.ts'
import { type Encoder, encodeError } from './Encoder.ts'

/** Bytes, and the number of records in them. */
export interface Block {
  bytes: Buffer
  records: number
}

/** Encodes records and collects them into blocks, so that the destination gets few large writes. */
export class EncodeBuffer {
  readonly #encoder: Encoder
  readonly #blockLength: number
  /** Bytes before the text. */
  #bytes: Uint8Array[] = []
  #text = ''
  #held = 0
  #seen: number

  /**
   * @param blockLength number of characters from which a block is full
   * @param seen records of earlier processes: errors count them too
   */
  constructor(encoder: Encoder, blockLength: number, seen = 0) {
    this.#encoder = encoder
    this.#blockLength = blockLength
    this.#seen = seen
  }

  /** Records so far, those of earlier processes included. */
  get records(): number {
    return this.#seen
  }

  /** The state that a new encoder needs to continue after the last cut; undefined for none. */
  get state(): Json | undefined {
    return this.#encoder.state?.()
  }

  /**
   * Adds a record; returns a block when one is full.
   *
   * @throws {LeadpipeError} SINK when the record can't be written in the format.
   */
  add(record: unknown): Block | undefined {
    this.#seen += 1
    let piece: string | Uint8Array
    try {
      piece = this.#encoder.encode(record)
    } catch (cause) {
      throw encodeError(record, this.#seen, cause)
    }
    this.#held += 1
    if (typeof piece === 'string') this.#text += piece
    else this.#add(piece)
    return this.#text.length >= this.#blockLength || this.#bytes.length > 0 ? this.#takeBlock() : undefined
  }

  /** The remaining bytes, and the end of the document. */
  end(): Block {
    this.#add(this.#encoder.end())
    return this.#takeBlock()
  }

  /** The bytes so far, full block or not; may be empty. The document can be resumed after them. */
  cut(): Block {
    this.#add(this.#encoder.cut?.() ?? '')
    return this.#takeBlock()
  }

  #add(piece: string | Uint8Array): void {
    if (typeof piece === 'string') {
      this.#text += piece
      return
    }
    if (this.#text !== '') this.#bytes.push(Buffer.from(this.#text))
    this.#text = ''
    if (piece.length > 0) this.#bytes.push(piece)
  }

  #takeBlock(): Block {
    const text = Buffer.from(this.#text)
    const bytes = this.#bytes.length === 0 ? text : Buffer.concat([...this.#bytes, text])
    const block = { bytes, records: this.#held }
    this.#bytes = []
    this.#text = ''
    this.#held = 0
    return block
  }
}
