import { type FileHandle, lstat, open } from 'node:fs/promises'
import { gunzipSync } from 'node:zlib'
import { LeadpipeError } from '../../errors.ts'
import { formats } from '../encode/formats.ts'
import { checkContents, otherOutput } from './checkContents.ts'
import { type FileState, partialOf } from './fileState.ts'
import type { FileSettings } from './options.ts'
import type { Place } from './PartialFile.ts'
import { readRange } from './readRange.ts'
import { tailOf } from './tailOf.ts'

/** Where the output of a process that has ended is: under its temporary name, or in its place, complete. */
export type Output = { where: 'partial' } | { where: 'place'; end: Place }

/** No end of a document is longer, be it compressed. */
const longestEnd = 64

/**
 * Looks where the output of a state is, without changing anything.
 *
 * @throws {LeadpipeError} CHECKPOINT when it is not there, or another one is.
 */
export async function findOutput(state: FileState, settings: FileSettings): Promise<Output> {
  const { path, bytes } = state
  const partial = partialOf(path)
  const begun = await reading(partial, async handle => {
    if (handle === undefined) throw otherOutput(partial, state)
    const size = await checkContents(handle, partial, state)
    if (state.complete && size !== bytes) throw otherOutput(partial, state)
    return { where: 'partial' } as const
  })
  // A crash may have come between the rename and the last word of the run.
  const output = begun ?? (await reading(path, handle => handle && whole(handle, state, settings)))
  if (output !== undefined) return output
  const message = `${partial} is not there, and ${path} is not the complete file: the output that the checkpoint is of is gone`
  throw new LeadpipeError('CHECKPOINT', message, { context: { path: partial, bytes } })
}

/** The output in its place, if a file is what the state says and what had to come at its end. */
async function whole(
  handle: FileHandle,
  state: FileState,
  settings: FileSettings,
): Promise<Output | undefined> {
  const { path, bytes, tail, records, complete } = state
  const { size } = await handle.stat()
  if (size < bytes || size > bytes + longestEnd || (await tailOf(handle, bytes)) !== tail) return undefined
  const added = await readRange(handle, bytes, size)
  const expected = complete ? '' : formats[settings.format](records).end()
  if (textOf(added, settings.compression) !== expected) return undefined
  return { where: 'place', end: { path, bytes: size, tail: await tailOf(handle, size) } }
}

function textOf(bytes: Buffer, compression: FileSettings['compression']): string | undefined {
  if (compression === 'none' || bytes.length === 0) return bytes.toString()
  try {
    return gunzipSync(bytes).toString()
  } catch {
    return undefined
  }
}

/** What `look` says of a file, open for reading, or of undefined where there is none but something else. */
async function reading<T>(
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
