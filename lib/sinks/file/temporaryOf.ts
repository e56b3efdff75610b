import { randomBytes } from 'node:crypto'
import { basename, dirname, join } from 'node:path'

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
