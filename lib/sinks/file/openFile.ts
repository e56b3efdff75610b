import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncDirectory, temporaryBeside } from '../../files/paths.ts'
import { destination } from './destination.ts'
import { checkContents, type FileState } from './fileState.ts'
import { openPipe, type Writer } from './openPipe.ts'

/**
 * The temporary name of a file until it is complete, in the same directory; not used by any other run.
 *
 * @param key the key of the checkpoint, for a file that another process can resume; each checkpoint has its own
 * temporary file. Default: random, so that two pipelines to the same path do not mix their bytes.
 */
export const temporaryOf = (path: string, key = randomBytes(4).toString('hex')): string =>
  temporaryBeside(path, key, 'partial')

/** A file that is open for writing; `path` is that of the final file. */
export type OpenedFile = OpenedTemporary | OpenedDirectly

/** A file that has a temporary name until it is complete. */
export interface OpenedTemporary {
  readonly handle: FileHandle
  readonly path: string
  readonly temporary: string
}

/** A device or a pipe. */
interface OpenedDirectly {
  readonly handle: Writer
  readonly path: string
  readonly temporary: undefined
}

/**
 * Opens a new file, or a device or a pipe.
 *
 * @param key the key of the checkpoint, for a file that another process can resume; a temporary file that is left over
 * and can't be resumed is replaced
 * @param signal ends every wait for the reader of a pipe
 */
export async function openFile(
  name: string,
  key: string | undefined,
  signal: AbortSignal,
): Promise<OpenedFile> {
  const { path, how, mode } = await destination(name)
  if (how === 'pipe') return { handle: await openPipe(path, signal), path, temporary: undefined }
  if (how === 'device') return { handle: await open(path, 'w'), path, temporary: undefined }
  const temporary = temporaryOf(path, key)
  if (key !== undefined) await rm(temporary, { force: true })
  // In append mode, so that bytes of another process show up in the size and are not overwritten.
  const handle = await open(temporary, 'ax+', mode)
  // Not every file system has modes. Without `chmod`, the new file has fewer permissions, never more.
  if (mode !== undefined) await handle.chmod(mode).catch(() => {})
  if (key !== undefined) await syncDirectory(dirname(temporary))
  return { handle, path, temporary }
}

/**
 * Opens a file again at the position of a state; bytes after that position are cut off.
 *
 * @throws {LeadpipeError} CHECKPOINT when it is not the file of the state.
 */
export async function openAgain(state: FileState): Promise<OpenedTemporary> {
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
