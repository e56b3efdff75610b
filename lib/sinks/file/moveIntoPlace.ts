import { rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncDirectory } from '../../checkpoint/syncDirectory.ts'

/** Gives a complete file its name, durably; a file that had the name is gone then. */
export async function moveIntoPlace(temporary: string, path: string): Promise<void> {
  await rename(temporary, path)
  await syncDirectory(dirname(path))
}
