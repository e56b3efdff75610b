import { createHash } from 'node:crypto'
import { open, readlink, realpath } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'

/**
 * The file that a path leads to, with links followed, whether it exists or not.
 *
 * @throws when its directory does not exist, or when links form a cycle
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

/** The longest file name of common file systems, in bytes. */
const longestName = 255

/**
 * The path of a temporary file in the directory of a file: `NAME.KEY.ENDING`. A name that would be too long is cut, and
 * then gets another key, so that two long names with the same beginning have different temporary files.
 *
 * @param key eight hexadecimal digits, so that no file of the user has that name
 */
export function temporaryBeside(path: string, key: string, ending: string): string {
  const name = Buffer.from(basename(path))
  const room = longestName - `.${key}.${ending}`.length
  if (name.length <= room) return `${path}.${key}.${ending}`
  // A character that was cut in two is left out.
  const beginning = name
    .subarray(0, room)
    .toString()
    .replace(/\uFFFD$/, '')
  return join(dirname(path), `${beginning}.${digestOf(`${key} ${path}`).slice(0, key.length)}.${ending}`)
}

/** Makes new names in a directory durable. Some systems can't open a directory, and do not need this. */
export async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r').catch(() => undefined)
  try {
    await directory?.sync()
  } catch {
    // Not supported on this system.
  } finally {
    await directory?.close()
  }
}

/** A digest that identifies a text. */
export const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Whether a text looks like a result of {@link digestOf}. */
export const isDigest = (text: string): boolean => /^[0-9a-f]{64}$/.test(text)
