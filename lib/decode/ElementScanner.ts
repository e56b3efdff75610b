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

/** The bytes of one element; valid until the next call of the scanner. */
export interface ElementBytes {
  buffer: Buffer
  start: number
  end: number
  /** Offset of the element's first byte in the body. */
  offset: number
  /** Whether these are only the first bytes of an element that is larger than the limit. */
  tooLarge: boolean
}

/** How large and how deep an element may be. */
export interface ScannerLimits {
  maxLeadBytes: number
  maxDepth: number
  /** 'fail' stops at an element that is too large; 'skip' skips it and delivers its first bytes. Default: 'fail'. */
  tooLarge?: 'fail' | 'skip'
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
 * that is not complete at the end of a chunk is held in one buffer that grows by doubling, and scanning continues where
 * it stopped, so that a large element in small chunks takes linear time.
 */
export class ElementScanner {
  /** Elements whose first byte was seen. */
  scanned = 0
  /** Offset in the body of the next byte to scan. */
  get offset(): number {
    return this.#base + this.#position
  }
  /** Whether the bytes so far end inside an element. */
  get insideElement(): boolean {
    return this.#open
  }

  readonly #surroundings: Surroundings
  readonly #maxBytes: number
  readonly #tooLarge: 'fail' | 'skip'
  readonly #value: ValueScanner
  readonly #fail: (problem: ScannerProblem) => never

  #carry = Buffer.alloc(0)
  #held = 0
  /** Offset in the body of the first byte of the buffer being scanned. */
  #base = 0
  #open = false
  /** The first bytes of an open element that is too large, and how many of its bytes were dropped. */
  #beginning: Buffer | undefined
  #dropped = 0
  #position = 0

  #outsideString = false
  #outsideEscape = false

  constructor(surroundings: Surroundings, limits: ScannerLimits, fail: (problem: ScannerProblem) => never) {
    this.#surroundings = surroundings
    this.#maxBytes = limits.maxLeadBytes
    this.#tooLarge = limits.tooLarge ?? 'fail'
    this.#value = new ValueScanner(limits.maxDepth, (problem, index, message) =>
      fail({ problem, offset: this.#base + index, message }),
    )
    this.#fail = fail
  }

  /** The elements that end in `chunk`. */
  *scan(chunk: Buffer): Generator<ElementBytes> {
    const buffer = this.#append(chunk)
    const end = buffer.length
    let start = 0
    while (this.#position < end) {
      if (!this.#open) {
        start = this.#skipSurroundings(buffer)
        if (start === end) break
        this.#open = true
        this.scanned += 1
        this.#position = start + this.#value.begin(buffer[start] as number)
      }
      const last = this.#value.end(buffer, this.#position)
      this.#position = last === -1 ? end : last
      if (last === -1) break
      this.#open = false
      const element = this.#element(buffer, start, last)
      this.#surroundings.element(element.offset)
      yield element
    }
    if (this.#open) this.#checkSize(this.#dropped + end - start, start)
    this.#hold(buffer, this.#open ? start + this.#dropExcess(buffer, start) : end)
  }

  #element(buffer: Buffer, start: number, end: number): ElementBytes {
    const size = this.#dropped + end - start
    const offset = this.#base + start - this.#dropped
    this.#checkSize(size, start)
    const beginning = this.#beginning
    this.#beginning = undefined
    this.#dropped = 0
    if (beginning !== undefined) {
      return { buffer: beginning, start: 0, end: beginning.length, offset, tooLarge: true }
    }
    const tooLarge = size > this.#maxBytes
    return { buffer, start, end: tooLarge ? start + this.#maxBytes : end, offset, tooLarge }
  }

  /**
   * Keeps only the first bytes of an open element that has become too large. Returns how many of its bytes need not be
   * held; a backslash that escapes the next byte must be.
   */
  #dropExcess(buffer: Buffer, start: number): number {
    const length = buffer.length - start
    if (this.#dropped + length <= this.#maxBytes) return 0
    this.#beginning ??= Buffer.from(buffer.subarray(start, start + this.#maxBytes))
    let escapes = 0
    while (escapes < length && buffer[buffer.length - 1 - escapes] === backslash) escapes += 1
    const excess = length - (escapes % 2)
    this.#dropped += excess
    return excess
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

  #checkSize(size: number, start: number): void {
    if (size <= this.#maxBytes || this.#tooLarge === 'skip') return
    this.#fail({
      problem: 'limit',
      offset: this.#base + start - this.#dropped,
      message: `an element is larger than maxLeadBytes (${this.#maxBytes})`,
    })
  }

  /** The held bytes followed by the chunk; the chunk itself if nothing is held. */
  #append(chunk: Buffer): Buffer {
    if (this.#held === 0) return chunk
    const length = this.#held + chunk.length
    this.#reserve(length)
    chunk.copy(this.#carry, this.#held)
    return this.#carry.subarray(0, length)
  }

  /** Keeps the bytes from `from` on for the next chunk. */
  #hold(buffer: Buffer, from: number): void {
    const length = buffer.length - from
    if (length > 0) {
      if (buffer.buffer === this.#carry.buffer && this.#held > 0) {
        if (from > 0) this.#carry.copyWithin(0, from, buffer.length)
      } else {
        this.#held = 0
        this.#reserve(length)
        buffer.copy(this.#carry, 0, from)
      }
    }
    this.#held = length
    this.#base += from
    this.#position -= from
  }

  #reserve(length: number): void {
    if (this.#carry.length >= length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.#carry.length, 65_536))
    this.#carry.copy(larger, 0, 0, this.#held)
    this.#carry = larger
  }
}
