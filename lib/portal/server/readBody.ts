import type { IncomingMessage } from 'node:http'
import { Refusal } from '../Refusal.ts'

const maxBytes = 1_048_576

/**
 * Reads the body of a request.
 *
 * @throws Refusal 413 for a body of more than 1 MiB. It is read to its end and discarded: a connection that is
 * closed with unread bytes is reset, and the client would never see the answer.
 */
export async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += chunk.length
    if (bytes <= maxBytes) chunks.push(chunk)
  }
  if (bytes > maxBytes) {
    throw new Refusal(413, `Request Entity Too Large: expected at most ${maxBytes} bytes, got ${bytes}`)
  }
  return Buffer.concat(chunks)
}
