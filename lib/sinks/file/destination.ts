import { constants } from 'node:fs'
import { access, realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { fileError } from './fileError.ts'

/** Where a file sink writes. */
export interface Destination {
  /** The file itself, where the path is a symbolic link. */
  path: string
  /**
   * 'replace': a file, or none yet, written under another name and renamed when complete. 'direct': a device
   * or a pipe, which a rename would destroy.
   */
  how: 'replace' | 'direct'
}

/**
 * Looks at what a path is, without changing anything.
 *
 * @throws {LeadpipeError} SINK when it can't be written.
 */
export async function destination(path: string): Promise<Destination> {
  try {
    const target = await realpath(path).catch(ifMissing(path))
    const found = await stat(target).catch(ifMissing(undefined))
    if (found?.isDirectory()) throw Object.assign(new Error('it is a directory'), { code: 'EISDIR' })
    if (found !== undefined) await access(target, constants.W_OK)
    if (found !== undefined && !found.isFile()) return { path: target, how: 'direct' }
    await stat(dirname(target))
    await access(dirname(target), constants.W_OK)
    return { path: target, how: 'replace' }
  } catch (error) {
    throw fileError(path, error)
  }
}

function ifMissing<T>(value: T): (error: unknown) => T {
  return error => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return value
    throw error
  }
}
