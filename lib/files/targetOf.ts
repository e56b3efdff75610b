import { readlink, realpath } from 'node:fs/promises'
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
