import { createHash } from 'node:crypto'
import { open, readlink, realpath } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'

/**
 * The file that a path means: where its links lead, whether or not there is one yet.
 *
 * @throws when its directory does not exist, or links lead in a circle
 */
export async function targetOf(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const folder = await realpath(dirname(resolve(path)))
  const link = await readlink(path).catch(() => undefined)
  return link === undefined ? join(folder, basename(path)) : targetOf(resolve(folder, link))
}

/** A new name is only durable when its directory is; some systems can't open one, and need not. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r').catch(() => undefined)
  try {
    await directory?.sync()
  } catch {
    // Not supported here: the name stands all the same.
  } finally {
    await directory?.close()
  }
}

/** What tells a text from any other. */
export const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Whether a text looks like what {@link digestOf} gives. */
export const isDigest = (text: string): boolean => /^[0-9a-f]{64}$/.test(text)
