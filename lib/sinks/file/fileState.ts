import { createHash } from 'node:crypto'
import { type FileHandle, lstat, open } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import { LeadpipeError } from '../../errors.ts'
import { compileSchema } from '../../options/ajv.ts'
import type { Json } from '../../stage/Stage.ts'
import { destination, fileError } from './destination.ts'

/** A position in a file up to which everything is on disk. */
export interface FilePosition {
  /** The file, absolute, with its placeholders filled in. */
  path: string
  /** The temporary file with its bytes until it is complete, absolute. */
  temporary: string
  /** Its exact size in bytes. */
  bytes: number
  /** The result of `tailOf` for `bytes`. */
  tail: string
}

/** How far a file is written: plain JSON. */
export interface FileState extends FilePosition {
  /** How many records are in it. */
  records: number
  /** How many of them were written as they arrived. */
  unchanged: number
  /** What the format needs to continue after them; absent if nothing. */
  encoder?: Json
  /** Present if every record and the end of the document are in it: only the rename is left. */
  complete?: true
}

const count = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER }
const schema = {
  type: 'object',
  required: ['path', 'temporary', 'bytes', 'records', 'tail'],
  properties: {
    path: { type: 'string' },
    temporary: { type: 'string' },
    bytes: count,
    records: count,
    unchanged: count,
    tail: { type: 'string', pattern: '^[0-9a-f]{64}$' },
    complete: { const: true },
  },
}

/**
 * The state that a checkpoint has for a file.
 *
 * @param path the file as the user named it, for the message
 * @throws {LeadpipeError} CHECKPOINT when it is not a valid state.
 */
export function fileState(saved: Json, path: string): FileState {
  const state = saved as FileState
  if (compileSchema(schema)(saved) && isAbsolute(state.path) && isAbsolute(state.temporary)) return state
  throw new LeadpipeError('CHECKPOINT', `${path}: the checkpoint holds no valid state of this file`, {
    context: { path, remedy: startAgain },
  })
}

const tailLength = 4_096

/**
 * Distinguishes a file from another one of the same length: SHA-256, 64 hexadecimal digits, of the last bytes before a
 * position in it, at most 4,096.
 */
export async function tailOf(handle: FileHandle, before: number): Promise<string> {
  const from = Math.max(0, before - tailLength)
  const bytes = Buffer.alloc(before - from)
  let read = 0
  while (read < bytes.length) {
    const { bytesRead } = await handle.read(bytes, read, bytes.length - read, from + read)
    if (bytesRead === 0) break
    read += bytesRead
  }
  return createHash('sha256').update(bytes.subarray(0, read)).digest('hex')
}

/** What to do about an output that can't be resumed. */
export const startAgain = 'delete the checkpoint to start again'

/**
 * Checks whether a file begins as a state says.
 *
 * @throws {LeadpipeError} CHECKPOINT when it does not, or when a complete file is longer.
 */
export async function checkContents(handle: FileHandle, name: string, state: FileState): Promise<void> {
  const { size } = await handle.stat()
  const { bytes, tail, complete } = state
  if (size < bytes) {
    const problem = `${name} has ${size} bytes, fewer than the ${bytes} of the checkpoint`
    throw new LeadpipeError('CHECKPOINT', problem, {
      context: { path: name, size, bytes, remedy: startAgain },
    })
  }
  if ((complete && size > bytes) || (await tailOf(handle, bytes)) !== tail) throw otherOutput(name, state)
}

/**
 * Finds the output of a state, and changes nothing.
 *
 * @returns whether it already has its final name: a crash may have happened after the rename
 * @throws {LeadpipeError} CHECKPOINT when it is missing, or is a different file.
 */
export async function findOutput(state: FileState): Promise<boolean> {
  const { path, temporary, bytes } = state
  const isTemporary = await inspectFile(temporary, async handle => {
    if (handle === undefined) throw otherOutput(temporary, state)
    await checkContents(handle, temporary, state)
    return true
  })
  if (isTemporary) return false
  if (state.complete && (await isOutput(state))) return true
  const problem = `the output of the checkpoint is gone: ${temporary} does not exist, and ${path} is not the complete file`
  throw new LeadpipeError('CHECKPOINT', problem, { context: { path: temporary, bytes, remedy: startAgain } })
}

/** What has changed about a finished output, in words; undefined if nothing has. */
export async function findFinished(state: FileState): Promise<string | undefined> {
  const { path } = state
  try {
    const isPresent = await inspectFile(path, () => true)
    if (!isPresent) return `${path} does not exist any more`
    return (await isOutput(state)) ? undefined : `${path} is not the file that it wrote`
  } catch (error) {
    throw fileError(path, error)
  }
}

/**
 * Makes sure that a file does not replace the one of the previous time window, whose records are in no other file, also
 * if that was changed since. A file that was moved away, or has no records, needs no protection.
 *
 * @param previous the state at the end of the previous window; undefined if there was none
 * @throws {LeadpipeError} CHECKPOINT
 */
export async function keepPrevious(path: string, previous: unknown): Promise<void> {
  if (previous === undefined) return
  const last = fileState(previous, path)
  const target = (await destination(path)).path
  if (target !== last.path) return
  const isUnchanged = await isOutput(last)
  if (isUnchanged ? last.records === 0 : !(await hasBytes(target))) return
  const problem = isUnchanged
    ? `${path} holds the ${last.records} records of the last window, and the next window would replace them`
    : `${path} is not the file that the last window wrote, and the next window would replace it`
  const remedy = 'move the file away, or put {date} or {time} into its name'
  throw new LeadpipeError('CHECKPOINT', problem, { context: { path, remedy } })
}

/** Whether the complete output of a state has its final name. */
async function isOutput({ path, bytes, tail }: FileState): Promise<boolean> {
  const isSame = await inspectFile(path, async handle => {
    if (handle === undefined) return false
    return (await handle.stat()).size === bytes && (await tailOf(handle, bytes)) === tail
  })
  return isSame ?? false
}

/** Whether there is a regular file that is not empty. */
async function hasBytes(path: string): Promise<boolean> {
  const size = await inspectFile(path, async handle => (await handle?.stat())?.size ?? 0)
  return size !== undefined && size > 0
}

function otherOutput(name: string, { bytes }: FileState): LeadpipeError {
  const problem = `${name}: the output is not the one of the checkpoint`
  return new LeadpipeError('CHECKPOINT', problem, { context: { path: name, bytes, remedy: startAgain } })
}

/**
 * Calls `inspect` with a file, open for reading, or with undefined if the path is not a regular file. Returns its
 * result, or undefined if nothing exists there.
 */
async function inspectFile<T>(
  path: string,
  inspect: (handle?: FileHandle) => T | Promise<T>,
): Promise<T | undefined> {
  const found = await lstat(path).catch(error => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined
    throw error
  })
  if (found === undefined) return undefined
  // Opening a pipe would wait for a writer.
  if (!found.isFile()) return inspect()
  const handle = await open(path, 'r')
  try {
    return await inspect(handle)
  } finally {
    await handle.close()
  }
}
