import { type FileHandle, lstat, open } from 'node:fs/promises'

/** What `look` says of a file, open for reading, or of undefined where there is none but something else. */
export async function lookAt<T>(
  path: string,
  look: (handle?: FileHandle) => T | Promise<T>,
): Promise<T | undefined> {
  const found = await lstat(path).catch(error => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw error
  })
  if (found === undefined) return undefined
  // To open a pipe would wait for somebody who writes to it.
  if (!found.isFile()) return look()
  const handle = await open(path, 'r')
  try {
    return await look(handle)
  } finally {
    await handle.close()
  }
}
