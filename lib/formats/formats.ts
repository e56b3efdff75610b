import type { Json } from '../stage/Stage.ts'
import type { Encoder, EncoderOf } from './Encoder.ts'

/** The formats in which records can be written. */
export const formats = { ndjson: ndjsonEncoder, json: jsonEncoder } as const satisfies Record<
  string,
  EncoderOf
>

/** One of {@link formats}. */
export type Format = keyof typeof formats

/** The names of the formats. */
export const formatNames = Object.keys(formats) as Format[]

/**
 * A record as JSON.
 *
 * @throws {TypeError} when it can't be JSON: bytes (an encoded record is not encoded again), functions, symbols,
 * BigInts and circular structures.
 */
export function jsonText(record: unknown): string {
  if (record instanceof Uint8Array) throw new TypeError('it is bytes; remove encode() before this sink')
  const text: string | undefined = JSON.stringify(record)
  if (text === undefined) throw new TypeError(`${kindOf(record)} is not JSON`)
  return text
}

function kindOf(record: unknown): string {
  if (record === undefined) return 'undefined'
  return typeof record === 'object' ? 'the result of its toJSON()' : `a ${typeof record}`
}

/** One JSON text per line (NDJSON). Without records, the document is empty. */
function ndjsonEncoder(): Encoder {
  return {
    encode(record, write, line) {
      write(line ?? jsonText(record))
      write('\n')
    },
    end() {},
  }
}

/** One JSON array, one record per line. Without records, the document is `[]`. */
function jsonEncoder(state?: Json): Encoder {
  let { isEmpty } = (state as { isEmpty: boolean } | undefined) ?? { isEmpty: true }
  return {
    encode(record, write, line) {
      const text = line ?? jsonText(record)
      write(isEmpty ? '[\n' : ',\n')
      write(text)
      isEmpty = false
    },
    end: write => write(isEmpty ? '[]\n' : '\n]\n'),
    state: () => ({ isEmpty }),
  }
}
