import { constants } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncDirectory } from '../../checkpoint/syncDirectory.ts'
import { checkContents } from './checkContents.ts'
import { destination } from './destination.ts'
import { type FileState, partialOf } from './fileState.ts'
import { setMode } from './openFile.ts'
import { PartialFile } from './PartialFile.ts'

/** Opens a file that another process can go on with. What one left that can't be continued is replaced. */
export async function openKept(given: string): Promise<PartialFile> {
  const { path, mode } = await destination(given)
  const temporary = partialOf(path)
  await rm(temporary, { force: true })
  // Appending, so that the bytes of another process show in the size, and are not written over.
  const handle = await open(temporary, 'ax+', mode)
  await setMode(handle, mode)
  await syncDirectory(dirname(temporary))
  return new PartialFile({ handle, path, temporary, bytes: 0, kept: true })
}

/**
 * Opens a file again where a state says; what came after that place is cut off.
 *
 * @throws {LeadpipeError} CHECKPOINT when it is not the file of the state.
 */
export async function openAgain(state: FileState): Promise<PartialFile> {
  const { path, bytes } = state
  const temporary = partialOf(path)
  const handle = await open(temporary, constants.O_RDWR | constants.O_APPEND)
  try {
    await checkContents(handle, temporary, state)
    await handle.truncate(bytes)
  } catch (error) {
    await handle.close()
    throw error
  }
  return new PartialFile({ handle, path, temporary, bytes, kept: true })
}
