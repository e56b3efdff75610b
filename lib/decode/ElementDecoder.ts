import type { Readable } from 'node:stream'
import { LeadpipeError } from '../errors.ts'
import { bodyError } from '../http/body.ts'
import type { Place } from '../stage/Rejected.ts'

/** What a decoder counted in one body; each number has a counter of its own, for the ledger. */
export interface DecodeCounts {
  /** Bytes of the body, after gunzip. */
  bytes: number
  /** Elements whose beginning was found. */
  scanned: number
  /** Elements that stream-json's tokens account for; it may lag by one until the body has ended. */
  tokenised: number
  /** Elements that were parsed. */
  decoded: number
  /** Elements that are no JSON, or too large to be looked at. */
  malformed: number
  /** U+FFFD characters that stand for bytes which are no UTF-8. */
  replacedCharacters: number
}

/** Every number 0. */
export const noDecodeCounts = (): DecodeCounts => ({
  bytes: 0,
  scanned: 0,
  tokenised: 0,
  decoded: 0,
  malformed: 0,
  replacedCharacters: 0,
})

/** How a decoder is set up. */
export interface DecoderOptions {
  /** Number of the page, from 1, for error messages. */
  page: number
  /** Where the array is: the keys that lead to it, [] when the body is the array itself. */
  path: readonly string[]
  /** The most bytes one element may have. */
  maxLeadBytes: number
  /** The deepest nesting inside one element. */
  maxDepth: number
  /**
   * What becomes of an element that is no JSON, or too large: 'fail' ends the body with DECODE, 'hand on'
   * gives a {@link Rejected} in its place, where the lane can tell what follows it. Default: 'fail'.
   */
  rejected?: 'fail' | 'hand on'
}

/** An element of a body. */
export interface DecodedElement {
  /** What it is; {@link Rejected} for one that is not JSON, or too large. */
  readonly value: unknown
  /** Its text, as it was sent; undefined if the decoder does not keep it. */
  readonly raw: string | undefined
  /** Where it is. The byte is that of its beginning, or how far the body was read if the decoder does not know. */
  readonly place: Place
}

/**
 * Turns the bytes of one body into the elements of its array. `expressDecoder` and `streamJsonDecoder` give elements of the
 * same value for the same well-formed bytes, however those are cut; `streamJsonDecoder` keeps no text, and fails at an
 * element that is not JSON, whatever `rejected` says.
 */
export interface ElementDecoder {
  readonly counts: DecodeCounts
  /**
   * What stands around the array, with an empty array in its place; undefined before the end of the body, and if the body
   * is the array itself.
   */
  readonly envelope: unknown
  /**
   * The elements that `chunk` completes, parsed as they are taken. Take them all before the next chunk.
   *
   * @throws {LeadpipeError} DECODE
   */
  write(chunk: Uint8Array): Iterable<DecodedElement>
  /**
   * Says that the body has ended.
   *
   * @throws {LeadpipeError} DECODE when the array is not closed, or is not there.
   */
  end(): void
}

/** What is wrong with a body: it ends too early, it is no JSON or not the expected JSON, or it is too much. */
export type DecodeProblem = 'cut' | 'malformed' | 'limit'

/** A DECODE error that names the page and the byte offset in its decoded body. */
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
 * The elements of a body, chunk by chunk; each chunk's elements are parsed as they are taken. Leaving it
 * early destroys the body and with it the connection.
 *
 * @throws {LeadpipeError} DECODE, NETWORK or TIMEOUT
 */
export async function* decodeBody(
  body: Readable,
  decoder: ElementDecoder,
  { page, origin }: { page: number; origin: string },
): AsyncGenerator<Iterable<DecodedElement>> {
  try {
    for await (const chunk of body) yield decoder.write(chunk)
  } catch (error) {
    throw atPage(bodyError(error, origin), page, decoder.counts.bytes)
  }
  decoder.end()
}

/** An error in the middle of a body with the place that it happened at. */
function atPage(error: LeadpipeError, page: number, offset: number): LeadpipeError {
  const { code, message, retryable, cause, context } = error
  return new LeadpipeError(code, `page ${page}, byte ${offset}: ${message}`, {
    retryable,
    cause,
    context: { ...context, page, offset },
  })
}
