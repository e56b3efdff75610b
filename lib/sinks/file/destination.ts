import { constants } from 'node:fs'
import { access, lstat, readlink, realpath, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { LeadpipeError } from '../../errors.ts'
import { targetOf, temporaryBeside } from '../../files/paths.ts'

/**
 * A path with its placeholders filled in: `{date}` is the UTC day, `2026-03-01`, and `{time}` the UTC second,
 * `2026-03-01T09-30-00Z`.
 */
export function nameAt(path: string, time: Date): string {
  const second = `${time.toISOString().slice(0, 19).replaceAll(':', '-')}Z`
  return path.replaceAll('{date}', second.slice(0, 10)).replaceAll('{time}', second)
}

/** Where a file sink writes. */
export interface Destination {
  /** The file itself, absolute, with links followed. */
  path: string
  /**
   * 'replace': an existing or new file, written under a temporary name and renamed when complete. 'device' and 'pipe' (a
   * named one) are written to directly: a rename would destroy them. 'descriptor': a file that a process has open, by the
   * name of its descriptor: /dev/stdout after `>> file`. A rename would replace what is in the file.
   */
  how: 'replace' | 'device' | 'pipe' | 'descriptor'
  /** The permissions of an existing file; the file that replaces it gets no more than these. */
  mode?: number
}

/**
 * Checks what a path is, and changes nothing.
 *
 * @throws {LeadpipeError} SINK when it can't be written.
 */
export async function destination(path: string): Promise<Destination> {
  try {
    const found = await stat(path).catch(ifMissing(undefined))
    if (found?.isDirectory()) throw Object.assign(new Error('it is a directory'), { code: 'EISDIR' })
    if (found !== undefined) await access(path, constants.W_OK)
    if (found?.isSocket()) throw new Error('it is a socket')
    if (found?.isFIFO()) return { path, how: 'pipe' }
    if (found !== undefined && !found.isFile()) return { path, how: 'device' }
    const target = await targetOf(path)
    if (await isDescriptor(path)) return { path: target, how: 'descriptor' }
    await access(dirname(target), constants.W_OK)
    // Its path is longer than that of the file, and may be too long.
    await lstat(temporaryBeside(target, '00000000', 'partial')).catch(ifMissing(undefined))
    return { path: target, how: 'replace', ...(found === undefined ? {} : { mode: found.mode & 0o777 }) }
  } catch (error) {
    throw fileError(path, error)
  }
}

/** Whether a path leads through the descriptor of a process. */
async function isDescriptor(path: string): Promise<boolean> {
  const folder = await realpath(dirname(resolve(path)))
  if (/^\/proc\/.*\/fd$|^\/dev\/fd$/.test(folder)) return true
  const link = await readlink(path).catch(() => undefined)
  return link !== undefined && isDescriptor(resolve(folder, link))
}

function ifMissing<T>(value: T): (error: unknown) => T {
  return error => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return value
    throw error
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'its directory does not exist',
  ENOTDIR: 'a part of its path is a file, not a directory',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EPIPE: 'its reader has closed it',
  EROFS: 'the file system is read-only',
  EISDIR: 'it is a directory',
  ENOSPC: 'no space is left on the device',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file would be larger than the file system, or the limit of the process, allows',
  EMFILE: 'too many files are open',
  ENAMETOOLONG: 'its name is too long',
  EXDEV: 'it is on another file system than its temporary file',
}

/** A SINK error with the path. */
export function fileError(path: string, cause: unknown): LeadpipeError {
  if (cause instanceof LeadpipeError) return cause
  const { code, message } = cause as NodeJS.ErrnoException
  return new LeadpipeError('SINK', `can't write ${path}: ${reasons[code ?? ''] ?? message}`, {
    cause,
    context: { path, ...(code === undefined ? {} : { code }) },
  })
}
