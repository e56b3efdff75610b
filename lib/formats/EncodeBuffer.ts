import type { Json } from '../stage/Stage.ts'
import { type Encoder, encodeError } from './Encoder.ts'

/** Bytes, and how many records they hold. */
export interface Block {
  bytes: Buffer
  records: number
}

/** Encodes records and collects them into blocks, so that the destination gets few large writes. */
export class EncodeBuffer {
  readonly #encoder: Encoder
  readonly #blockLength: number
  /** Bytes in front of the text. */
  #bytes: Uint8Array[] = []
  #text = ''
  #held = 0
  #seen: number

  /**
   * @param blockLength characters from which a block is full
   * @param seen records that came before, in a process that has ended: errors count them as well
   */
  constructor(encoder: Encoder, blockLength: number, seen = 0) {
    this.#encoder = encoder
    this.#blockLength = blockLength
    this.#seen = seen
  }

  /** Records that came, those of before included. */
  get records(): number {
    return this.#seen
  }

  /** What a new encoder needs to go on behind the last cut; undefined if nothing. */
  get state(): Json | undefined {
    return this.#encoder.state?.()
  }

  /**
   * Takes a record; returns a block when one is full.
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
    return this.#text.length >= this.#blockLength || this.#bytes.length > 0 ? this.#take() : undefined
  }

  /** What is left, and the end of the document. */
  end(): Block {
    this.#add(this.#encoder.end())
    return this.#take()
  }

  /** What is there so far, full or not; nothing may be. The document can be resumed behind it. */
  cut(): Block {
    this.#add(this.#encoder.cut?.() ?? '')
    return this.#take()
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

  #take(): Block {
    const text = Buffer.from(this.#text)
    const bytes = this.#bytes.length === 0 ? text : Buffer.concat([...this.#bytes, text])
    const block = { bytes, records: this.#held }
    this.#bytes = []
    this.#text = ''
    this.#held = 0
    return block
  }
}
