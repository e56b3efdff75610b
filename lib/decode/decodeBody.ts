import type { Readable } from 'node:stream'
import { LeadpipeError } from '../errors.ts'
import { bodyError } from '../http/body.ts'
import type { ElementDecoder } from './ElementDecoder.ts'

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
): AsyncGenerator<Iterable<unknown>> {
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
