import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { digestOf } from '../files/digestOf.ts'
import { syncDirectory } from '../files/syncDirectory.ts'
import { targetOf } from '../files/targetOf.ts'
import type { Checkpoint } from './Checkpoint.ts'
import { checkpointError } from './checkpointError.ts'
import { format, version } from './format.ts'

/** Where a checkpoint is written before it takes the place of the last one. */
export const temporaryOf = (target: string): string => `${target}.tmp`

/**
 * Saves a checkpoint, whole or not at all: to a temporary file, which is flushed to the disk and then takes the
 * place of the last one, which may be a link to a file elsewhere. Only its owner may read it: it holds parameters of
 * the query, and records that wait for an HTTP receiver.
 *
 * @throws {LeadpipeError} CHECKPOINT when it can't be written; the last one is as it was.
 */
export async function saveCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  try {
    const body = JSON.stringify(checkpoint)
    const head = JSON.stringify({ format, version, digest: digestOf(body) })
    const target = await targetOf(path)
    const temporary = temporaryOf(target)
    // What another process left there may be open to others, or a link.
    await rm(temporary, { force: true })
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(`${head}\n${body}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, target)
    await syncDirectory(dirname(target))
  } catch (cause) {
    throw checkpointError(path, `it can't be written: ${(cause as Error).message}`, cause)
  }
}
