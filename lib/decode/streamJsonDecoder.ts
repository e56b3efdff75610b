import { isMany, none } from 'stream-chain/core'
import type { Token } from 'stream-json/core/parser.js'
import { type StreamArrayItem, streamArray } from 'stream-json/core/streamers/stream-array.js'
import { changesOf, noChanges } from '../stage/Changes.ts'
import { createCountReplaced } from './countReplaced.ts'
import {
  type DecodedElement,
  type DecoderOptions,
  decodeError,
  type ElementDecoder,
  noDecodeCounts,
} from './ElementDecoder.ts'
import { Envelope } from './Envelope.ts'
import { isLongNumber, isObject, isTooLarge } from './parseElement.ts'

/** Matches a number, an escape, true, false or null that is cut off. */
const cutLexeme = /(?:-|\.|e[-+]?|\\(?:u[\da-f]{0,3})?|t|tr|tru|f|fa|fal|fals|n|nu|nul)$/i

const isItem = (output: unknown): output is StreamArrayItem => output !== none && !isMany(output)

/**
 * Decodes a body by sending every byte through stream-json: tokenizer, then streamArray. Slower than
 * `expressDecoder`, and the oracle for its tests. Limits are checked once per token (depth) and once per chunk (size,
 * including the spaces before an element). Errors name how far the body had been read instead of an exact offset.
 */
export function streamJsonDecoder(options: DecoderOptions): ElementDecoder {
  const { page, maxDepth, maxLeadBytes, sizeOption = 'maxLeadBytes', longNumbers = 'round' } = options
  const counts = noDecodeCounts()
  const envelope = new Envelope(options.path)
  const text = new TextDecoder('utf-8', { ignoreBOM: true })
  /** Decodes each chunk first, to see whether all of its bytes are UTF-8. */
  const probe = new TextDecoder('utf-8', { ignoreBOM: true })
  const countReplaced = createCountReplaced()
  const assemble = streamArray()
  let depth = 0
  /** What was found in the element that is being read, and how many keys it has. */
  let found = noChanges()
  let members = 0
  let sinceElement = 0
  /** The last characters of the body so far. */
  let tail = ''

  function feed(step: () => Token[]): Token[] {
    let tokens: Token[]
    try {
      tokens = step()
    } catch (cause) {
      throw decodeError('malformed', page, counts.bytes, 'the body is not valid JSON', cause)
    }
    if (envelope.mismatch !== undefined) {
      throw decodeError('malformed', page, counts.bytes, envelope.mismatch)
    }
    return tokens
  }

  function watchDepth(token: Token): void {
    // Inside the array but not in an element: any token other than the array's end begins one.
    if (depth === 1 && token.name !== 'endArray') counts.scanned += 1
    if (token.name === 'startObject' || token.name === 'startArray') depth += 1
    else if (token.name === 'endObject' || token.name === 'endArray') depth -= 1
    // The array itself is one level.
    if (depth > maxDepth + 1) {
      throw decodeError(
        'limit',
        page,
        counts.bytes,
        `an element is nested deeper than maxDepth (${maxDepth})`,
      )
    }
  }

  /** A number that a double can't hold becomes text, if that is wanted. */
  function withLongNumber(token: Token): Token {
    if (token.name !== 'numberValue' || !isLongNumber(token.value)) return token
    const isText = longNumbers === 'text' || isTooLarge(token.value)
    found[isText ? 'textNumbers' : 'roundedNumbers'] += 1
    return isText ? { name: 'stringValue', value: token.value } : token
  }

  function* elements(tokens: Token[]): Generator<DecodedElement> {
    for (const token of tokens) {
      watchDepth(token)
      if (depth === 2 && token.name === 'keyValue') members += 1
      const output = assemble(withLongNumber(token))
      if (!isItem(output)) continue
      counts.tokenised = output.key + 1
      sinceElement = 0
      const { value } = output
      if (isObject(value)) found.repeatedKeys = members - Object.keys(value).length
      const changes = changesOf(found)
      found = noChanges()
      members = 0
      const location = { page, element: counts.decoded, byte: counts.bytes }
      counts.decoded += 1
      yield { value, raw: undefined, changes, location }
    }
  }

  /** Decodes bytes; characters that are replaced belong to the element that is being read. */
  function* decode(bytes: Uint8Array): Generator<DecodedElement> {
    const decoded = text.decode(bytes, { stream: true })
    tail = (tail + decoded.slice(-6)).slice(-6)
    const replaced = countReplaced(decoded, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))
    if (depth > 0) found.replacedCharacters += replaced
    yield* elements(feed(() => envelope.write(decoded)))
  }

  return {
    counts,
    get envelope() {
      return envelope.assembled
    },
    *write(chunk) {
      counts.bytes += chunk.length
      sinceElement += chunk.length
      // Byte by byte, so that each replaced character is counted with its element.
      const isUtf8 = !probe.decode(chunk, { stream: true }).includes('\ufffd')
      for (const bytes of isUtf8 ? [chunk] : Array.from(chunk, byte => Uint8Array.of(byte)))
        yield* decode(bytes)
      if (sinceElement > maxLeadBytes + chunk.length) {
        throw decodeError(
          'limit',
          page,
          counts.bytes,
          `an element is larger than ${sizeOption} (${maxLeadBytes})`,
        )
      }
    },
    end() {
      const offset = counts.bytes
      if (envelope.blank) throw decodeError('cut', page, offset, 'the body is empty')
      feed(() => envelope.write(text.decode()))
      if (!envelope.balanced) {
        // stream-json holds back an incomplete lexeme; spaces after it make stream-json throw if it is invalid.
        if (!cutLexeme.test(tail)) feed(() => envelope.write(' '.repeat(32)))
        throw decodeError('cut', page, offset, `the body ends before ${envelope.wanted} is closed`)
      }
      feed(() => envelope.end())
      if (!envelope.closed)
        throw decodeError('malformed', page, offset, `expected ${envelope.wanted}, found none`)
    },
  }
}
