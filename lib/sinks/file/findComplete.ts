import type { FileHandle } from 'node:fs/promises'
import { gunzipSync } from 'node:zlib'
import { formats } from '../encode/formats.ts'
import type { FileState } from './fileState.ts'
import { lookAt } from './lookAt.ts'
import type { FileSettings } from './options.ts'
import type { Place } from './PartialFile.ts'
import { readRange } from './readRange.ts'
import { tailOf } from './tailOf.ts'

/** No end of a document is longer, be it compressed. */
const longestEnd = 64

/**
 * Where the output of a state ends that is in its place: a file that is what the state says, and what had to come
 * at its end. Undefined when another file is there, or none.
 */
export function findComplete(state: FileState, settings: FileSettings): Promise<Place | undefined> {
  return lookAt(state.path, handle => handle && endOf(handle, state, settings))
}

async function endOf(
  handle: FileHandle,
  state: FileState,
  settings: FileSettings,
): Promise<Place | undefined> {
  const { path, bytes, tail, records, complete } = state
  const { size } = await handle.stat()
  if (size < bytes || size > bytes + longestEnd || (await tailOf(handle, bytes)) !== tail) return undefined
  const added = await readRange(handle, bytes, size)
  const expected = complete ? '' : formats[settings.format](records).end()
  if (textOf(added, settings.compression) !== expected) return undefined
  return { path, bytes: size, tail: await tailOf(handle, size) }
}

function textOf(bytes: Buffer, compression: FileSettings['compression']): string | undefined {
  if (compression === 'none' || bytes.length === 0) return bytes.toString()
  try {
    return gunzipSync(bytes).toString()
  } catch {
    return undefined
  }
}
