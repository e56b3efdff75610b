import { access, constants, lstat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { digestOf } from '../files/digestOf.ts'
import { lockFile } from '../files/lockFile.ts'
import { targetOf } from '../files/targetOf.ts'
import type { CheckpointStore } from './CheckpointStore.ts'
import { checkpointError } from './checkpointError.ts'
import { loadCheckpoint } from './loadCheckpoint.ts'
import { saveCheckpoint, temporaryOf } from './saveCheckpoint.ts'

/**
 * A checkpoint in a file.
 *
 * @throws {LeadpipeError} CHECKPOINT when it can't be written there; nothing is changed.
 */
export async function fileStore(path: string): Promise<CheckpointStore> {
  const target = await checkPlace(path)
  return {
    path,
    key: digestOf(target).slice(0, 8),
    files: [target, temporaryOf(target)],
    load: () => loadCheckpoint(path),
    save: checkpoint => saveCheckpoint(path, checkpoint),
    lock: () =>
      lockFile(path, cause =>
        checkpointError(
          path,
          'another run is going on with it; wait for its end, or give another path',
          cause,
        ),
      ),
  }
}

async function checkPlace(path: string): Promise<string> {
  try {
    const target = await targetOf(path)
    await access(dirname(target), constants.W_OK)
    const temporary = temporaryOf(target)
    if ((await lstat(temporary).catch(() => undefined))?.isDirectory()) {
      throw new Error(`${temporary}, its temporary file, is a directory`)
    }
    return target
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'its directory does not exist' : `it can't be written: ${message}`
    throw checkpointError(path, why, cause)
  }
}
