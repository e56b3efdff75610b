import type { ServerResponse } from 'node:http'
import type { Answer } from './Answer.ts'

const chunkBytes = 65_536

/**
 * Writes an answer: in chunks of about 64 kB, as fast as the reader takes them and no faster. Ends quietly
 * when the connection closes.
 */
export async function sendAnswer(response: ServerResponse, answer: Answer, now: number): Promise<void> {
  // Canonical case: one known client reads headers by their exact spelling.
  response.writeHead(answer.status, {
    'Content-Type': 'application/json;charset=utf-8',
    'Content-Length': answer.body.reduce((sum, piece) => sum + piece.length, 0),
    Date: new Date(now).toUTCString(),
    ...answer.headers,
  })
  for (const chunk of chunksOf(answer.body)) {
    if (response.destroyed) return
    if (!response.write(chunk)) await drained(response)
  }
  response.end()
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

/** Resolves when the reader has taken what was written, or when the connection is gone. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise(resolve => {
    const done = (): void => {
      response.off('drain', done).off('close', done)
      resolve()
    }
    response.on('drain', done).on('close', done)
  })
}
