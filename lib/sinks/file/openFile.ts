import { constants } from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncDirectory } from '../../files/paths.ts'
import { destination } from './destination.ts'
import type { FileState } from './fileState.ts'
import { checkContents } from './findOutput.ts'
import { temporaryOf } from './temporaryOf.ts'

/** A file that is open for writing. */
export interface OpenedFile {
  readonly handle: FileHandle
  /** Where the file belongs. */
  readonly path: string
  /** Where its bytes are until it is complete; undefined for a device or a pipe, which is written to directly. */
  readonly temporary: string | undefined
}

/**
 * Opens a new file, or a device or a pipe.
 *
 * @param key of the checkpoint, for a file that another process can resume; what one left there that can't be resumed
 * is replaced
 */
export async function openFile(given: string, key: string | undefined): Promise<OpenedFile> {
  const { path, how, mode } = await destination(given)
  if (how === 'direct') return { handle: await open(path, 'w'), path, temporary: undefined }
  const temporary = temporaryOf(path, key)
  if (key !== undefined) await rm(temporary, { force: true })
  // Appending, so that the bytes of another process show in the size, and are not written over.
  const handle = await open(temporary, 'ax+', mode)
  // Not every file system knows modes; without one, the new file is less open, never more.
  if (mode !== undefined) await handle.chmod(mode).catch(() => {})
  if (key !== undefined) await syncDirectory(dirname(temporary))
  return { handle, path, temporary }
}

/**
 * Opens a file again where a state says; what came after that place is cut off.
 *
 * @throws {LeadpipeError} CHECKPOINT when it is not the file of the state.
 */
export async function openAgain(state: FileState): Promise<OpenedFile> {
  const { path, temporary, bytes } = state
  const handle = await open(temporary, constants.O_RDWR | constants.O_APPEND)
  try {
    await checkContents(handle, temporary, state)
    await handle.truncate(bytes)
  } catch (error) {
    await handle.close()
    throw error
  }
  return { handle, path, temporary }
}
