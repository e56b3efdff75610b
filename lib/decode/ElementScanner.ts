const quote = 0x22
const comma = 0x2c
const openBracket = 0x5b
const backslash = 0x5c
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d

const isSpace = (byte: number) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09

/** Bytes that end a number or a word: what may follow it, and what may not but is no part of it either. */
const endsScalar = new Uint8Array(256)
for (const byte of [0x20, 0x0a, 0x0d, 0x09, comma, closeBracket, closeBrace, quote, openBracket, openBrace]) {
  endsScalar[byte] = 1
}

/** Where the bytes of one element lie: valid until the next call of the scanner. */
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
  /** 'fail' stops at an element that is too large, 'skip' goes over it and tells its beginning. Default: 'fail'. */
  tooLarge?: 'fail' | 'skip'
}

/** What the scanner asks of the grammar around the elements. */
export interface Surroundings {
  /** Takes bytes that are outside the wanted array, or one bracket, space or comma between its elements. */
  outside(bytes: Buffer, offset: number): void
  /** Takes note that an element stood here. */
  element(offset: number): void
  /** Whether the next byte is inside the wanted array. */
  readonly inside: boolean
}

/** What the scanner stops at. */
export interface ScannerProblem {
  problem: 'limit' | 'malformed'
  offset: number
  message: string
}

/**
 * Finds where each element of an array begins and ends. It knows strings and nesting, nothing else of JSON:
 * inside an element it jumps from quote to quote, what lies around the elements goes to `surroundings`.
 * An element that is not complete at the end of a chunk is held in one buffer that grows by doubling, and
 * scanning goes on where it stopped, so that a large element in small chunks takes linear time.
 */
export class ElementScanner {
  /** Elements whose first byte was seen. */
  scanned = 0
  /** Offset in the body of the next byte to be scanned. */
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
  readonly #stack: Uint8Array
  readonly #fail: (problem: ScannerProblem) => never

  #carry = Buffer.alloc(0)
  #held = 0
  /** Offset in the body of the first byte of the buffer being scanned. */
  #base = 0
  #open = false
  /** The first bytes of an open element that is too large, and how many of its bytes were let go of. */
  #beginning: Buffer | undefined
  #letGo = 0
  #position = 0

  #outsideString = false
  #outsideEscape = false
  #kind: 'container' | 'string' | 'scalar' = 'scalar'
  #depth = 0
  #inString = false

  constructor(surroundings: Surroundings, limits: ScannerLimits, fail: (problem: ScannerProblem) => never) {
    this.#surroundings = surroundings
    this.#maxBytes = limits.maxLeadBytes
    this.#tooLarge = limits.tooLarge ?? 'fail'
    this.#stack = new Uint8Array(limits.maxDepth + 1)
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
        this.#begin(buffer[start] as number, start)
      }
      const last = this.#finish(buffer)
      if (last === -1) break
      this.#open = false
      const element = this.#element(buffer, start, last)
      this.#surroundings.element(element.offset)
      yield element
    }
    if (this.#open) this.#checkSize(this.#letGo + end - start, start)
    this.#hold(buffer, this.#open ? start + this.#letGoOf(buffer, start) : end)
  }

  #element(buffer: Buffer, start: number, end: number): ElementBytes {
    const size = this.#letGo + end - start
    const offset = this.#base + start - this.#letGo
    this.#checkSize(size, start)
    const beginning = this.#beginning
    this.#beginning = undefined
    this.#letGo = 0
    if (beginning !== undefined) {
      return { buffer: beginning, start: 0, end: beginning.length, offset, tooLarge: true }
    }
    const tooLarge = size > this.#maxBytes
    return { buffer, start, end: tooLarge ? start + this.#maxBytes : end, offset, tooLarge }
  }

  /**
   * Of an open element that has become too large, only the beginning is kept: returns how many of its bytes
   * need not be held. A backslash that escapes what comes next must be.
   */
  #letGoOf(buffer: Buffer, start: number): number {
    const length = buffer.length - start
    if (this.#letGo + length <= this.#maxBytes) return 0
    this.#beginning ??= Buffer.from(buffer.subarray(start, start + this.#maxBytes))
    let escapes = 0
    while (escapes < length && buffer[buffer.length - 1 - escapes] === backslash) escapes += 1
    const needless = length - (escapes % 2)
    this.#letGo += needless
    return needless
  }

  /** Goes over what is no element; returns the index of the next element's first byte, or the end. */
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

  /** Outside the array: on to the end of the chunk, or behind the next "[", which may open the array. */
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

  #begin(byte: number, start: number): void {
    this.scanned += 1
    this.#depth = 0
    this.#inString = false
    this.#position = start
    if (byte === quote) {
      this.#kind = 'string'
      this.#position += 1
    } else if (byte === openBrace || byte === openBracket) {
      this.#kind = 'container'
    } else {
      this.#kind = 'scalar'
      this.#position += 1
    }
  }

  /** Goes on in the open element; returns the index behind its last byte, or -1 when that is not here yet. */
  #finish(buffer: Buffer): number {
    switch (this.#kind) {
      case 'container':
        return this.#finishContainer(buffer)
      case 'string': {
        const close = stringEnd(buffer, this.#position)
        this.#position = close === -1 ? buffer.length : close + 1
        return close === -1 ? -1 : this.#position
      }
      case 'scalar': {
        let i = this.#position
        while (i < buffer.length && endsScalar[buffer[i] as number] === 0) i += 1
        this.#position = i
        return i < buffer.length ? i : -1
      }
    }
  }

  #finishContainer(buffer: Buffer): number {
    const end = buffer.length
    const stack = this.#stack
    let depth = this.#depth
    let i = this.#position
    if (this.#inString) {
      const close = stringEnd(buffer, i)
      if (close === -1) {
        this.#position = end
        return -1
      }
      this.#inString = false
      i = close + 1
    }
    while (i < end) {
      const byte = buffer[i]
      i += 1
      if (byte === quote) {
        const close = stringEnd(buffer, i)
        if (close === -1) {
          this.#inString = true
          i = end
          break
        }
        i = close + 1
      } else if (byte === openBrace || byte === openBracket) {
        depth += 1
        if (depth >= stack.length) this.#tooDeep(i - 1)
        stack[depth] = byte
      } else if (byte === closeBrace || byte === closeBracket) {
        // "[" and "]", "{" and "}" are two apart in ASCII.
        if (stack[depth] !== byte - 2) this.#unbalanced(i - 1, byte)
        depth -= 1
        if (depth === 0) {
          this.#position = i
          return i
        }
      }
    }
    this.#depth = depth
    this.#position = i
    return -1
  }

  #tooDeep(index: number): never {
    return this.#fail({
      problem: 'limit',
      offset: this.#base + index,
      message: `an element is nested deeper than maxDepth (${this.#stack.length - 1})`,
    })
  }

  #unbalanced(index: number, byte: number): never {
    return this.#fail({
      problem: 'malformed',
      offset: this.#base + index,
      message: `"${String.fromCharCode(byte)}" closes a bracket that is not open`,
    })
  }

  #checkSize(size: number, start: number): void {
    if (size <= this.#maxBytes || this.#tooLarge === 'skip') return
    this.#fail({
      problem: 'limit',
      offset: this.#base + start - this.#letGo,
      message: `an element is larger than maxLeadBytes (${this.#maxBytes})`,
    })
  }

  /** What is held, and the chunk behind it; the chunk itself when nothing is held. */
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

/** The index of the quote that closes a string, searched from `from` on, or -1. */
function stringEnd(buffer: Buffer, from: number): number {
  let close = buffer.indexOf(quote, from)
  while (close !== -1) {
    let escapes = 0
    while (buffer[close - 1 - escapes] === backslash) escapes += 1
    if (escapes % 2 === 0) return close
    close = buffer.indexOf(quote, close + 1)
  }
  return -1
}
