import { createHash } from 'node:crypto'

/**
 * The Idempotency-Key of a batch, 64 hexadecimal digits: the same batch of the same run has the same key
 * whenever it is sent, and no two bodies share one.
 *
 * @param position how many records of the stream came before the batch's first
 * @param body before compression
 */
export function batchKey(runId: string, position: number, body: Uint8Array): string {
  // A run id has no line break: each part of what is digested ends where the next begins.
  return createHash('sha256').update(`${runId}\n${position}\n`).update(body).digest('hex')
}
