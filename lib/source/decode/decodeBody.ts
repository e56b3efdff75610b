import type { Readable } from 'node:stream'
import { bodyError } from '../../client/bodyError.ts'
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
  origin: string,
): AsyncGenerator<Iterable<unknown>> {
  try {
    for await (const chunk of body) yield decoder.write(chunk)
  } catch (error) {
    throw bodyError(error, origin)
  }
  decoder.end()
}
