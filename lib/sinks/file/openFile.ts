import { randomBytes } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { destination } from './destination.ts'
import { PartialFile } from './PartialFile.ts'

/** Opens a file that is removed when it does not become complete, or a device or a pipe. */
export async function openFile(given: string): Promise<PartialFile> {
  const { path, how, mode } = await destination(given)
  if (how === 'direct') {
    return new PartialFile({
      handle: await open(path, 'w'),
      path,
      temporary: undefined,
      bytes: 0,
      kept: false,
    })
  }
  // A name of its own for each writer: two runs to the same path do not mix their bytes.
  const temporary = `${path}.${randomBytes(4).toString('hex')}.partial`
  const handle = await open(temporary, 'wx', mode)
  await setMode(handle, mode)
  return new PartialFile({ handle, path, temporary, bytes: 0, kept: false })
}

/** Not every file system knows modes; without one, the new file is less open, never more. */
export async function setMode(handle: FileHandle, mode: number | undefined): Promise<void> {
  if (mode !== undefined) await handle.chmod(mode).catch(() => {})
}
