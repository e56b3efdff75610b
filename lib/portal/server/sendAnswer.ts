import type { ServerResponse } from 'node:http'
import { type Answer, bodyBytes } from './Answer.ts'
import { isDisconnected, untilDrained } from './waits.ts'

const chunkBytes = 65_536

/** How the end of a body is marked: by its length in the header, or by its last chunk. */
export type Framing = 'length' | 'chunked'

/**
 * Writes an answer: in chunks of about 64 kB, only as fast as the client reads. Ends without an error when the
 * connection closes.
 */
export async function sendAnswer(response: ServerResponse, answer: Answer): Promise<void> {
  writeHead(response, answer)
  await writeBody(response, answer.body)
  response.end()
}

/** Writes status and headers. */
export function writeHead(response: ServerResponse, answer: Answer, framing: Framing = 'length'): void {
  // Canonical case: one known client reads headers by their exact spelling.
  response.writeHead(answer.status, {
    'Content-Type': 'application/json;charset=utf-8',
    ...(framing === 'length' ? { 'Content-Length': bodyBytes(answer) } : {}),
    ...answer.headers,
  })
}

/** Writes a body, or a part of one. */
export async function writeBody(response: ServerResponse, body: readonly Buffer[]): Promise<void> {
  for (const chunk of chunksOf(body)) {
    if (isDisconnected(response)) return
    if (!response.write(chunk)) await untilDrained(response)
  }
}

function* chunksOf(pieces: readonly Buffer[]): Generator<Buffer> {
  let held: Buffer[] = []
  let bytes = 0
  for (const piece of pieces) {
    held.push(piece)
    bytes += piece.length
    if (bytes < chunkBytes) continue
    yield Buffer.concat(held)
    held = []
    bytes = 0
  }
  if (bytes > 0) yield Buffer.concat(held)
}
