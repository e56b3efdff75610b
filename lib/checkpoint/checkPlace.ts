import { access, constants, lstat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { checkpointError } from './checkpointError.ts'
import { targetOf } from './targetOf.ts'

/**
 * Looks whether a checkpoint can be saved at a path, without changing anything.
 *
 * @throws {LeadpipeError} CHECKPOINT
 */
export async function checkPlace(path: string): Promise<void> {
  try {
    const target = await targetOf(path)
    await access(dirname(target), constants.W_OK)
    const temporary = await lstat(`${target}.tmp`).catch(() => undefined)
    if (temporary?.isDirectory()) throw new Error(`${target}.tmp, its temporary file, is a directory`)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'its directory does not exist' : `it can't be written: ${message}`
    throw checkpointError(path, why, cause)
  }
}
