import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { syncDirectory } from '../../files/paths.ts'
import { destination } from './destination.ts'
import { checkContents, type FileState } from './fileState.ts'

/** Bytes of the longest name that common file systems have. */
const longestName = 255

/**
 * The name of a file until it is complete, in the same directory: nobody else's.
 *
 * @param key of the checkpoint, for a file that another process can resume; another checkpoint has another temporary
 * file. Default: random, so that two runs to the same path do not mix their bytes.
 */
export function temporaryOf(path: string, key = randomBytes(4).toString('hex')): string {
  const ending = `.${key}.partial`
  const beginning = Buffer.from(basename(path)).subarray(0, longestName - ending.length)
  // A character that is cut in two is left out.
  return join(dirname(path), `${beginning.toString().replace(/\uFFFD$/, '')}${ending}`)
}

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
