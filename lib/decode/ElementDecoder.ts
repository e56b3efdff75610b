import type { Readable } from 'node:stream'
import { LeadpipeError, reworded } from '../errors.ts'
import { bodyError } from '../http/body.ts'
import type { Changes } from '../stage/Changes.ts'
import type { ElementLocation } from '../stage/Rejected.ts'
import type { LongNumbers } from './parseElement.ts'

/** The counters of a decoder for one body. Each is counted independently, so that the ledger can compare them. */
export interface DecodeCounts {
  /** Bytes of the body, after gunzip. */
  bytes: number
  /** Elements whose first byte was found. */
  scanned: number
  /** Elements seen by stream-json; may lag by one until the body has ended. */
  tokenised: number
  /** Elements that were parsed. */
  decoded: number
  /** Elements that are not JSON, or are too large or too deep to be parsed. */
  malformed: number
}

/** Every number 0. */
export const noDecodeCounts = (): DecodeCounts => ({
  bytes: 0,
  scanned: 0,
  tokenised: 0,
  decoded: 0,
  malformed: 0,
})

/** How a decoder is set up. */
export interface DecoderOptions {
  /** Page number, from 1, for error messages. */
  page: number
  /** The keys that lead to the array; [] if the body is the array itself. */
  path: readonly string[]
  /** The maximum size of one element in bytes. */
  maxLeadBytes: number
  /** What messages call that limit: the name of the user's option. Default: 'maxLeadBytes'. */
  sizeOption?: string | undefined
  /** The maximum depth of nesting inside one element. */
  maxDepth: number
  /**
   * What happens to an element that is not JSON, too large or too deep: 'fail' fails the body with DECODE; 'emit'
   * delivers a {@link Rejected} instead, if the decoder can find the next element. Default: 'fail'.
   */
  rejected?: 'fail' | 'emit'
  /** Whether elements keep their `line`, for some outputs or for all of them. Default: they do not. */
  lines?: 'some' | 'all' | undefined
  /** What becomes of numbers that a double can't hold. Default: 'round'. */
  longNumbers?: LongNumbers | undefined
}

/** An element of a body. */
export interface DecodedElement {
  /** The parsed value; {@link Rejected} if the element is not JSON, too large or too deep. */
  readonly value: unknown
  /** Its raw text; undefined if the decoder does not keep it. */
  readonly raw: string | undefined
  /**
   * Its bytes, if an output may contain them in place of `JSON.stringify(value)`: they are UTF-8 on one line, and repeat
   * no key at the top level, where a schema would have seen only the last value. Never written again. Undefined if the
   * decoder does not keep them.
   */
  readonly line?: Uint8Array | undefined
  /**
   * How the value differs from its text; undefined if it does not. Numbers that a double can't hold do not count if all
   * outputs get the line, which has all of their digits.
   */
  readonly changes?: Readonly<Changes> | undefined
  /** Its location. The byte is that of its first character, or of the last byte read if the decoder does not know. */
  readonly location: ElementLocation
}

/**
 * Turns the bytes of one body into the elements of its array. `expressDecoder` and `streamJsonDecoder` deliver equal
 * values for the same well-formed bytes, however these are split into chunks. `streamJsonDecoder` keeps no raw text,
 * and fails at an element that is not JSON, too large or too deep, whatever `rejected` says.
 */
export interface ElementDecoder {
  readonly counts: DecodeCounts
  /**
   * What surrounds the array in the body, with an empty array instead of the elements. Undefined before the end of the
   * body, and if the body is the array itself.
   */
  readonly envelope: unknown
  /**
   * The elements that `chunk` completes, parsed while they are iterated. Iterate over all of them before the next
   * chunk.
   *
   * @throws {LeadpipeError} DECODE
   */
  write(chunk: Uint8Array): Iterable<DecodedElement>
  /**
   * Called when the body has ended.
   *
   * @throws {LeadpipeError} DECODE when the array is not closed, or does not exist.
   */
  end(): void
}

/** The problem of a body: it ends too early, is not the expected JSON, or exceeds a limit. */
export type DecodeProblem = 'cut' | 'malformed' | 'limit'

/** A DECODE error with the page and the byte offset in its decoded body. */
export function decodeError(
  problem: DecodeProblem,
  page: number,
  offset: number,
  message: string,
  cause?: unknown,
): LeadpipeError {
  return new LeadpipeError('DECODE', `page ${page}, byte ${offset}: ${message}`, {
    retryable: problem === 'cut',
    context: { page, offset, problem },
    ...(cause === undefined ? {} : { cause }),
  })
}

/**
 * The elements of a body, chunk by chunk; the elements of a chunk are parsed while they are iterated. Leaving the loop
 * early destroys the body and its connection.
 *
 * @throws {LeadpipeError} DECODE, NETWORK or TIMEOUT
 */
export async function* decodeBody(
  body: Readable,
  decoder: ElementDecoder,
  { page, origin, onChunk }: { page: number; origin: string; onChunk?: (chunk: Uint8Array) => void },
): AsyncGenerator<Iterable<DecodedElement>> {
  try {
    for await (const chunk of body) {
      onChunk?.(chunk)
      yield decoder.write(chunk)
    }
  } catch (error) {
    throw atPage(bodyError(error, origin), page, decoder.counts.bytes)
  }
  decoder.end()
}

/** Adds the page and the byte offset to an error in the middle of a body. */
function atPage(error: LeadpipeError, page: number, offset: number): LeadpipeError {
  return reworded(error, `page ${page}, byte ${offset}: ${error.problem}`, { context: { page, offset } })
}
