import { isMany, none } from 'stream-chain/core'
import type { Token } from 'stream-json/core/parser.js'
import { type StreamArrayItem, streamArray } from 'stream-json/core/streamers/stream-array.js'
import { countReplaced } from './countReplaced.ts'
import { decodeError } from './decodeError.ts'
import type { DecodeCounts, DecoderOptions, ElementDecoder } from './ElementDecoder.ts'
import { Envelope } from './Envelope.ts'

const isItem = (output: unknown): output is StreamArrayItem => output !== none && !isMany(output)

/**
 * Decodes a body by sending every byte of it through stream-json: tokenizer, then streamArray. Slower than
 * the express lane, and the oracle that it is tested against. Its limits are looked at once a token (depth)
 * and once a chunk (size), and errors name how far the body had been read instead of an exact place.
 */
export function streamJsonDecoder(options: DecoderOptions): ElementDecoder {
  const { page, maxDepth, maxLeadBytes } = options
  const counts: DecodeCounts = {
    bytes: 0,
    scanned: 0,
    tokenised: 0,
    decoded: 0,
    malformed: 0,
    replacedCharacters: 0,
  }
  const envelope = new Envelope(options.path)
  const text = new TextDecoder()
  const assemble = streamArray()
  let depth = 0
  let sinceElement = 0

  function feed(step: () => Token[]): Token[] {
    let tokens: Token[]
    try {
      tokens = step()
    } catch (cause) {
      throw decodeError('malformed', page, counts.bytes, 'the body is not valid JSON', cause)
    }
    counts.scanned = envelope.elements
    if (envelope.mismatch !== undefined) {
      throw decodeError('malformed', page, counts.bytes, envelope.mismatch)
    }
    return tokens
  }

  function watchDepth(token: Token): void {
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

  function* elements(tokens: Token[]): Generator<unknown> {
    for (const token of tokens) {
      watchDepth(token)
      const output = assemble(token)
      if (!isItem(output)) continue
      counts.tokenised = output.key + 1
      counts.decoded += 1
      sinceElement = 0
      yield output.value
    }
  }

  return {
    counts,
    *write(chunk) {
      counts.bytes += chunk.length
      sinceElement += chunk.length
      const decoded = text.decode(chunk, { stream: true })
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
      feed(() => envelope.write(text.decode()))
      if (offset === 0) throw decodeError('cut', page, offset, 'the body is empty')
      if (!envelope.balanced) {
        throw decodeError('cut', page, offset, `the body ends before ${envelope.wanted} is closed`)
      }
      feed(() => envelope.end())
      if (!envelope.closed)
        throw decodeError('malformed', page, offset, `expected ${envelope.wanted}, found none`)
    },
  }
}
