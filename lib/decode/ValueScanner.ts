export const quote = 0x22
export const comma = 0x2c
export const openBracket = 0x5b
export const backslash = 0x5c
export const closeBracket = 0x5d
const openBrace = 0x7b
export const closeBrace = 0x7d
const colon = 0x3a

export const isSpace = (byte: number) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09

/** Bytes that end a number or a word, including those that are not allowed to follow it. */
const endsScalar = new Uint8Array(256)
for (const byte of [0x20, 0x0a, 0x0d, 0x09, comma, closeBracket, closeBrace, quote, openBracket, openBrace]) {
  endsScalar[byte] = 1
}

/** The fewest digits of a number that a double may not hold. With an exponent, it may have any number of them. */
const longNumber = 16

const [point, zero, nine] = [0x2e, 0x30, 0x39]
const isDigit = (byte: number) => (byte >= zero && byte <= nine) || byte === point

/** Bytes outside of strings that need no look: all but quotes, colons, brackets, and the "e" and "E" of exponents. */
const isOrdinary = new Uint8Array(256).fill(1)
for (const byte of [quote, colon, openBracket, openBrace, closeBracket, closeBrace, 0x65, 0x45])
  isOrdinary[byte] = 0

/** Whether a digit precedes an index, or may do so in an earlier chunk. */
const endsDigits = (buffer: Buffer, index: number) => index === 0 || isDigit(buffer[index - 1] as number)

/** Whether there is a run of at least so many digits and points. It contains one of every sixteenth bytes. */
function hasDigits(buffer: Buffer, from: number, to: number): boolean {
  for (let i = from + longNumber - 1; i < to; i += longNumber) {
    if (!isDigit(buffer[i] as number)) continue
    let [first, end] = [i, i + 1]
    while (first > from && isDigit(buffer[first - 1] as number)) first -= 1
    while (end < to && isDigit(buffer[end] as number)) end += 1
    if (end - first >= longNumber) return true
  }
  return false
}

/**
 * Finds the end of one JSON value. It knows only strings and nesting, and jumps from quote to quote. A value may arrive
 * in any number of chunks.
 */
export class ValueScanner {
  /** Members of the value, if it is an object; a key that is repeated counts each time. */
  members = 0
  /** Whether the value is nested deeper than the limit. */
  isTooDeep = false
  /** Whether the value may contain a number that a double can't hold. If not, it contains none. */
  mayHaveLongNumbers = false
  readonly #stack: Uint8Array
  readonly #tooDeep: 'fail' | 'skip'
  readonly #fail: (problem: 'limit' | 'malformed', index: number, message: string) => never
  #kind: 'container' | 'string' | 'scalar' = 'scalar'
  #depth = 0
  #inString = false
  /** Bytes since the last string, if the last chunk ended outside of one. */
  #outside = 0
  /** Whether the next byte is in a string, and follows a backslash that escapes it. */
  #isEscaped = false

  /**
   * @param tooDeep 'fail' stops at a value that is nested deeper than `maxDepth`; 'skip' finds its end
   * @param fail called with the index of the invalid byte
   */
  constructor(
    maxDepth: number,
    tooDeep: 'fail' | 'skip',
    fail: (problem: 'limit' | 'malformed', index: number, message: string) => never,
  ) {
    this.#stack = new Uint8Array(maxDepth + 1)
    this.#tooDeep = tooDeep
    this.#fail = fail
  }

  /** Begins a value; returns how many of its bytes `end` can skip. */
  begin(byte: number): number {
    this.members = 0
    this.isTooDeep = false
    this.#depth = 0
    this.#outside = 0
    this.#inString = false
    this.#isEscaped = false
    const isContainer = byte === openBrace || byte === openBracket
    this.#kind = isContainer ? 'container' : byte === quote ? 'string' : 'scalar'
    this.mayHaveLongNumbers = this.#kind === 'scalar'
    return isContainer ? 0 : 1
  }

  /** Continues at `from`; returns the index after the value's last byte, or -1 if that has not arrived yet. */
  end(buffer: Buffer, from: number): number {
    switch (this.#kind) {
      case 'container':
        return this.#endOfContainer(buffer, from)
      case 'string': {
        const close = this.#stringEnd(buffer, from)
        return close === -1 ? -1 : close + 1
      }
      case 'scalar': {
        let i = from
        while (i < buffer.length && endsScalar[buffer[i] as number] === 0) i += 1
        return i < buffer.length ? i : -1
      }
    }
  }

  #endOfContainer(buffer: Buffer, from: number): number {
    const end = buffer.length
    const stack = this.#stack
    let depth = this.#depth
    let i = from
    if (this.#inString) {
      const close = this.#stringEnd(buffer, i)
      if (close === -1) return -1
      this.#inString = false
      i = close + 1
    }
    /** Where the bytes outside of strings began; before the chunk if an earlier one ended with such bytes. */
    let outside = i - this.#outside
    this.#outside = 0
    while (i < end) {
      const byte = buffer[i] as number
      i += 1
      if (isOrdinary[byte] === 1) continue
      if (byte === quote) {
        if (i - outside > longNumber) this.#lookForLongNumber(buffer, outside, i)
        const close = this.#stringEnd(buffer, i)
        if (close === -1) {
          this.#inString = true
          this.#depth = depth
          return -1
        }
        i = close + 1
        outside = i
      } else if (byte === colon) {
        if (depth === 1) this.members += 1
      } else if (byte === openBrace || byte === openBracket) {
        depth += 1
        if (depth < stack.length) stack[depth] = byte
        else this.#exceedDepth(i - 1)
      } else if (byte === closeBrace || byte === closeBracket) {
        // "[" and "]", "{" and "}" are two apart in ASCII. What is too deep is never parsed: its brackets only count.
        if (depth < stack.length && stack[depth] !== byte - 2) {
          this.#fail('malformed', i - 1, `"${String.fromCharCode(byte)}" closes a bracket that is not open`)
        }
        depth -= 1
        if (depth === 0) {
          if (i - outside > longNumber) this.#lookForLongNumber(buffer, outside, i)
          return i
        }
      } else if (endsDigits(buffer, i - 1)) {
        this.mayHaveLongNumbers = true
      }
    }
    this.#outside = i - outside
    this.#depth = depth
    return -1
  }

  /** Looks at bytes outside of strings; `from` is negative if some of them were in an earlier chunk. */
  #lookForLongNumber(buffer: Buffer, from: number, to: number): void {
    this.mayHaveLongNumbers ||= from < 0 || hasDigits(buffer, from, to)
  }

  #exceedDepth(index: number): void {
    this.isTooDeep = true
    if (this.#tooDeep === 'skip') return
    this.#fail('limit', index, `an element is nested deeper than maxDepth (${this.#stack.length - 1})`)
  }

  /** The index of the quote that closes a string, searched from `from` on, or -1. */
  #stringEnd(buffer: Buffer, from: number): number {
    const start = this.#isEscaped ? from + 1 : from
    this.#isEscaped = false
    let close = buffer.indexOf(quote, start)
    while (close !== -1 && isEscaped(buffer, start, close)) close = buffer.indexOf(quote, close + 1)
    if (close === -1) this.#isEscaped = start > buffer.length || isEscaped(buffer, start, buffer.length)
    return close
  }
}

/**
 * What a scanner finds in the text of a whole value.
 *
 * @throws {SyntaxError} if brackets are crossed
 */
export function scanText(
  text: string,
  maxDepth: number,
): Pick<ValueScanner, 'isTooDeep' | 'members' | 'mayHaveLongNumbers'> {
  const scanner = new ValueScanner(maxDepth, 'skip', (_problem, _index, message) => {
    throw new SyntaxError(message)
  })
  const bytes = Buffer.from(text.trim())
  scanner.end(bytes, scanner.begin(bytes[0] as number))
  return scanner
}

/** Whether a byte follows an odd number of backslashes that begin at `start` or later. */
function isEscaped(buffer: Buffer, start: number, index: number): boolean {
  let backslashes = 0
  while (index - 1 - backslashes >= start && buffer[index - 1 - backslashes] === backslash) backslashes += 1
  return backslashes % 2 === 1
}
