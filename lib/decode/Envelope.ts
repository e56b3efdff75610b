import { getManyValues, isMany, none } from 'stream-chain/core'
import { Assembler } from 'stream-json/core/assembler.js'
import { jsonParser, type Token } from 'stream-json/core/parser.js'

/** Values without brackets, in words. */
const kinds: Readonly<Record<string, string>> = {
  stringValue: 'a string',
  numberValue: 'a number',
  trueValue: 'true',
  falseValue: 'false',
  nullValue: 'null',
}

/** A body may begin with one. Node 24's TextDecoder skips a second one if the first is cut between two chunks. */
const byteOrderMark = /^\ufeff/

/** The maximum number of characters in keys and values around the array: they are held in memory. */
const maxSurroundingLength = 1_048_576

/**
 * stream-json's tokenizer, plus tracking of where the wanted array begins and ends. It checks the grammar of everything
 * that it is fed (brackets, commas, keys, the end of input) and throws stream-json's errors.
 */
export class Envelope {
  /** Elements of the array whose first token was seen. */
  elements = 0
  /** Whether the next value is an element of the array (or its end). */
  inside = false
  /** Whether the array was found and is closed. */
  closed = false
  /** Whether nothing but spaces has been fed. */
  blank = true
  /** The error message for a body that is JSON, but not the expected JSON. */
  mismatch: string | undefined

  /** Whether any text has been fed. */
  #isFed = false
  readonly #path: readonly string[]
  readonly #parse = jsonParser({ streamValues: false })
  /** Open brackets. */
  #depth = 0
  /** How many of the open brackets, from the outermost, are on the path. */
  #onPath = 0
  #key: string | undefined
  /** Assembles what surrounds the array; undefined if the body is the array itself. */
  readonly #surroundings: Assembler | undefined
  #surroundingLength = 0

  constructor(path: readonly string[]) {
    this.#path = path
    this.#surroundings = path.length === 0 ? undefined : new Assembler()
  }

  /** What surrounds the array, once every bracket is closed again; undefined if the body is the array itself. */
  get assembled(): unknown {
    return this.closed && this.balanced ? this.#surroundings?.current : undefined
  }

  /** Feeds text and returns the tokens inside the wanted array, including its own brackets. */
  write(text: string): Token[] {
    const fed = this.#isFed ? text : text.replace(byteOrderMark, '')
    this.#isFed ||= text !== ''
    if (this.blank) this.blank = fed.trim() === ''
    return this.#wantedTokens(this.#parse(fed))
  }

  /** Called when the input has ended. */
  end(): Token[] {
    return this.#wantedTokens(this.#parse(none as unknown as string))
  }

  /** Whether every bracket is closed again. */
  get balanced(): boolean {
    return this.#depth === 0
  }

  #wantedTokens(output: unknown): Token[] {
    if (!isMany(output)) return []
    const tokens = getManyValues(output) as Token[]
    return tokens.filter(token => {
      const wasInside = this.inside
      const isWanted = this.#track(token)
      if (!wasInside || !this.inside) this.#assemble(token)
      return isWanted
    })
  }

  #assemble(token: Token): void {
    if (this.#surroundings === undefined) return
    this.#surroundings.consume(token)
    if ('value' in token && typeof token.value === 'string') this.#surroundingLength += token.value.length
    if (this.#surroundingLength > maxSurroundingLength)
      this.mismatch ??= `there are more than ${maxSurroundingLength} characters around ${this.wanted}`
  }

  #track(token: Token): boolean {
    switch (token.name) {
      case 'keyValue':
        this.#key = token.value
        return this.inside
      case 'startObject':
      case 'startArray':
        return this.#open(token.name === 'startArray')
      case 'endObject':
      case 'endArray':
        return this.#close()
      default:
        this.#value(kinds[token.name] ?? token.name)
        return this.inside
    }
  }

  #open(isArray: boolean): boolean {
    const wanted = this.#value(isArray ? 'an array' : 'an object')
    this.#depth += 1
    if (wanted && isArray) {
      this.inside = true
      return true
    }
    return this.inside
  }

  #close(): boolean {
    const wasInside = this.inside
    this.#depth -= 1
    this.#onPath = Math.min(this.#onPath, this.#depth)
    if (this.inside && this.#depth === this.#path.length) {
      this.inside = false
      this.closed = true
    }
    return wasInside
  }

  /** Counts elements; outside the array, returns whether a value is the wanted one. */
  #value(kind: string): boolean {
    if (this.inside) {
      if (this.#depth === this.#path.length + 1) this.elements += 1
      return false
    }
    const depth = this.#depth
    if (this.#onPath !== depth) return false
    if (depth > 0 && this.#key !== this.#path[depth - 1]) return false
    if (depth < this.#path.length) {
      if (kind === 'an object') this.#onPath = depth + 1
      return false
    }
    if (depth > this.#path.length) return false
    if (kind !== 'an array') this.mismatch ??= `expected ${this.wanted}, found ${kind}`
    else if (this.closed) this.mismatch ??= `found ${this.wanted} twice`
    return true
  }

  /** The array in words. */
  get wanted(): string {
    return this.#path.length === 0
      ? 'a JSON array'
      : `a JSON array at ${JSON.stringify(this.#path.join('.'))}`
  }
}
