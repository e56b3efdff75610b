import {
  backslash,
  closeBrace,
  closeBracket,
  comma,
  isSpace,
  openBracket,
  quote,
  ValueScanner,
} from './ValueScanner.ts'

/** The bytes of one element. They are never written again, so they may be kept. */
export interface ElementBytes {
  bytes: Buffer
  /** Offset of the element's first byte in the body. */
  offset: number
  /** The limit that the element exceeds, if any. If it is too large, the bytes are only its first ones. */
  exceeds: 'maxLeadBytes' | 'maxDepth' | undefined
  /** Members of the element, if it is an object; a key that is repeated counts each time. */
  members: number
  /** Whether the element may contain a number that a double can't hold. If not, it contains none. */
  mayHaveLongNumbers: boolean
}

/** How large and how deep an element may be. */
export interface ScannerLimits {
  maxLeadBytes: number
  /** What messages call that limit. Default: 'maxLeadBytes'. */
  sizeOption?: string | undefined
  maxDepth: number
  /**
   * 'fail' stops at an element that exceeds a limit; 'skip' delivers its bytes, and of one that is too large the first
   * ones. Default: 'fail'.
   */
  excess?: 'fail' | 'skip'
}

/** The interface between the scanner and the grammar around the elements. */
export interface Surroundings {
  /** Receives bytes that are outside the wanted array, or one bracket, space or comma between its elements. */
  outside(bytes: Buffer, offset: number): void
  /** Records that there was an element here. */
  element(offset: number): void
  /** Whether the next byte is inside the wanted array. */
  readonly inside: boolean
}

/** The problem that the scanner stopped at. */
export interface ScannerProblem {
  problem: 'limit' | 'malformed'
  offset: number
  message: string
}

/**
 * Finds where each element of an array begins and ends. The bytes around the elements go to `surroundings`. An element
 * that is not complete at the end of a chunk is collected in a buffer of its own that grows by doubling, so that a
 * large element in small chunks takes linear time.
 */
export class ElementScanner {
  /** Elements whose first byte was seen. */
  scanned = 0
  readonly #surroundings: Surroundings
  readonly #maxBytes: number
  readonly #sizeOption: string
  readonly #excess: 'fail' | 'skip'
  readonly #value: ValueScanner
  readonly #fail: (problem: ScannerProblem) => never
  /** Offset in the body of the first byte of the chunk, and index of its next byte to scan. */
  #base = 0
  #position = 0
  /** The element that earlier chunks began. */
  #begun: BegunElement | undefined
  #outsideString = false
  #outsideEscape = false

  constructor(surroundings: Surroundings, limits: ScannerLimits, fail: (problem: ScannerProblem) => never) {
    this.#surroundings = surroundings
    this.#maxBytes = limits.maxLeadBytes
    this.#sizeOption = limits.sizeOption ?? 'maxLeadBytes'
    this.#excess = limits.excess ?? 'fail'
    this.#value = new ValueScanner(limits.maxDepth, this.#excess, (problem, index, message) =>
      fail({ problem, offset: this.#base + index, message }),
    )
    this.#fail = fail
  }

  /** Offset in the body of the next byte to scan. */
  get offset(): number {
    return this.#base + this.#position
  }

  /** Whether the bytes so far end inside an element. */
  get insideElement(): boolean {
    return this.#begun !== undefined
  }

  /** The elements that end in `chunk`, whose bytes must not be written again. */
  *scan(chunk: Buffer): Generator<ElementBytes> {
    while (this.#position < chunk.length) {
      let start = this.#position
      if (this.#begun === undefined) {
        start = this.#skipSurroundings(chunk)
        if (start === chunk.length) break
        this.scanned += 1
        this.#position = start + this.#value.begin(chunk[start] as number)
      }
      const end = this.#value.end(chunk, this.#position)
      this.#position = end === -1 ? chunk.length : end
      if (end === -1) {
        this.#begun ??= new BegunElement(this.#base + start, this.#maxBytes)
        this.#begun.add(chunk.subarray(start))
        this.#checkSize(this.#begun.size, this.#begun.offset)
        break
      }
      const element = this.#element(chunk, start, end)
      this.#surroundings.element(element.offset)
      yield element
    }
    this.#base += chunk.length
    this.#position = 0
  }

  #element(chunk: Buffer, start: number, end: number): ElementBytes {
    const begun = this.#begun
    this.#begun = undefined
    begun?.add(chunk.subarray(start, end))
    const size = begun?.size ?? end - start
    const offset = begun?.offset ?? this.#base + start
    this.#checkSize(size, offset)
    const bytes = begun?.bytes ?? chunk.subarray(start, Math.min(end, start + this.#maxBytes))
    const { members, isTooDeep, mayHaveLongNumbers } = this.#value
    const exceeds = size > this.#maxBytes ? 'maxLeadBytes' : isTooDeep ? 'maxDepth' : undefined
    return { bytes, offset, exceeds, members, mayHaveLongNumbers }
  }

  /** Skips what is not an element; returns the index of the next element's first byte, or the end. */
  #skipSurroundings(buffer: Buffer): number {
    const end = buffer.length
    while (this.#position < end) {
      if (!this.#surroundings.inside) {
        this.#skipOutside(buffer)
        continue
      }
      const from = this.#position
      let i = from
      while (i < end && (isSpace(buffer[i] as number) || buffer[i] === comma)) i += 1
      const byte = buffer[i]
      if (byte === closeBracket || byte === closeBrace) i += 1
      this.#position = i
      if (i > from) this.#surroundings.outside(buffer.subarray(from, i), this.#base + from)
      if (i < end && byte !== closeBracket && byte !== closeBrace) return i
    }
    return end
  }

  /** Outside the array: skips to the end of the chunk, or past the next "[", which may open the array. */
  #skipOutside(buffer: Buffer): void {
    const from = this.#position
    const end = buffer.length
    let i = from
    let bracket = false
    while (i < end && !bracket) {
      const byte = buffer[i]
      if (this.#outsideString) {
        if (this.#outsideEscape) this.#outsideEscape = false
        else if (byte === backslash) this.#outsideEscape = true
        else if (byte === quote) this.#outsideString = false
      } else if (byte === quote) {
        this.#outsideString = true
      } else {
        bracket = byte === openBracket
      }
      i += 1
    }
    this.#position = i
    this.#surroundings.outside(buffer.subarray(from, i), this.#base + from)
  }

  #checkSize(size: number, offset: number): void {
    if (size <= this.#maxBytes || this.#excess === 'skip') return
    const message = `an element is larger than ${this.#sizeOption} (${this.#maxBytes})`
    this.#fail({ problem: 'limit', offset, message })
  }
}

/** An element of which some chunks have arrived. */
class BegunElement {
  /** Offset of its first byte in the body. */
  readonly offset: number
  /** Its size so far, in bytes. */
  size = 0
  readonly #maxBytes: number
  #buffer: Buffer = Buffer.alloc(0)

  /** @param maxBytes how many of its bytes to keep */
  constructor(offset: number, maxBytes: number) {
    this.offset = offset
    this.#maxBytes = maxBytes
  }

  /** Its first bytes, all of them unless it is too large. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, Math.min(this.size, this.#maxBytes))
  }

  add(piece: Buffer): void {
    const kept = this.bytes.length
    const room = Math.min(piece.length, this.#maxBytes - kept)
    if (this.#buffer.length < kept + room) {
      const larger = Buffer.allocUnsafeSlow(Math.min(this.#maxBytes, 2 * (kept + room)))
      this.#buffer.copy(larger, 0, 0, kept)
      this.#buffer = larger
    }
    piece.copy(this.#buffer, kept, 0, room)
    this.size += piece.length
  }
}
