import { isMany, none } from 'stream-chain/core'
import type { Token } from 'stream-json/core/parser.js'
import { type StreamArrayItem, streamArray } from 'stream-json/core/streamers/stream-array.js'
import { createCountReplaced } from './countReplaced.ts'
import {
  type DecodedElement,
  type DecoderOptions,
  decodeError,
  type ElementDecoder,
  noDecodeCounts,
} from './ElementDecoder.ts'
import { Envelope } from './Envelope.ts'

/** Matches a number, an escape, true, false or null that is cut off. */
const cutLexeme = /(?:-|\.|e[-+]?|\\(?:u[\da-f]{0,3})?|t|tr|tru|f|fa|fal|fals|n|nu|nul)$/i

const isItem = (output: unknown): output is StreamArrayItem => output !== none && !isMany(output)

/**
 * Decodes a body by sending every byte through stream-json: tokenizer, then streamArray. Slower than
 * `expressDecoder`, and the oracle for its tests. Limits are checked once per token (depth) and once per chunk (size,
 * including the spaces before an element). Errors name how far the body had been read instead of an exact offset.
 */
export function streamJsonDecoder(options: DecoderOptions): ElementDecoder {
  const { page, maxDepth, maxLeadBytes } = options
  const counts = noDecodeCounts()
  const envelope = new Envelope(options.path)
  const text = new TextDecoder('utf-8', { ignoreBOM: true })
  const countReplaced = createCountReplaced()
  const assemble = streamArray()
  let depth = 0
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

  function* elements(tokens: Token[]): Generator<DecodedElement> {
    for (const token of tokens) {
      watchDepth(token)
      const output = assemble(token)
      if (!isItem(output)) continue
      counts.tokenised = output.key + 1
      sinceElement = 0
      const location = { page, element: counts.decoded, byte: counts.bytes }
      counts.decoded += 1
      yield { value: output.value, raw: undefined, location }
    }
  }

  return {
    counts,
    get envelope() {
      return envelope.assembled
    },
    *write(chunk) {
      counts.bytes += chunk.length
      sinceElement += chunk.length
      const decoded = text.decode(chunk, { stream: true })
      tail = (tail + decoded.slice(-6)).slice(-6)
      counts.replacedCharacters += countReplaced(
        decoded,
        Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length),
      )
      yield* elements(feed(() => envelope.write(decoded)))
      if (sinceElement > maxLeadBytes + chunk.length) {
        throw decodeError(
          'limit',
          page,
          counts.bytes,
          `an element is larger than maxLeadBytes (${maxLeadBytes})`,
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
