import { LeadpipeError } from '../../errors.ts'

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'its directory does not exist',
  ENOTDIR: 'what should be its directory is a file',
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
  EISDIR: 'it is a directory',
  ENOSPC: 'no space is left on the device',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file would be too large for the file system',
  EMFILE: 'too many files are open',
  ENAMETOOLONG: 'its name is too long',
  EXDEV: 'it is on another file system than its temporary file',
}

/** A SINK error in one sentence that names the path. */
export function fileError(path: string, cause: unknown): LeadpipeError {
  if (cause instanceof LeadpipeError) return cause
  const { code, message } = cause as NodeJS.ErrnoException
  return new LeadpipeError('SINK', `can't write ${path}: ${reasons[code ?? ''] ?? message}`, {
    cause,
    context: { path, ...(code === undefined ? {} : { code }) },
  })
}
