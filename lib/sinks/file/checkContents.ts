import type { FileHandle } from 'node:fs/promises'
import { LeadpipeError } from '../../errors.ts'
import type { FileState } from './fileState.ts'
import { tailOf } from './tailOf.ts'

/** What is to be done about an output that can't be gone on with. */
export const beginAnew = 'delete the checkpoint to begin anew'

/**
 * Looks whether a file begins as a state says; returns its size in bytes.
 *
 * @throws {LeadpipeError} CHECKPOINT when it does not.
 */
export async function checkContents(handle: FileHandle, name: string, state: FileState): Promise<number> {
  const { size } = await handle.stat()
  const { bytes, tail } = state
  if (size < bytes) {
    const message = `${name} has ${size} bytes, the checkpoint is of ${bytes}: the output is shorter than the checkpoint says; ${beginAnew}`
    throw new LeadpipeError('CHECKPOINT', message, { context: { path: name, size, bytes } })
  }
  if ((await tailOf(handle, bytes)) !== tail) throw otherOutput(name, state)
  return size
}

/** A CHECKPOINT error about a file that is not the one that was written. */
export function otherOutput(name: string, { bytes }: FileState): LeadpipeError {
  const message = `${name}: the output is not the one that the checkpoint is of; ${beginAnew}`
  return new LeadpipeError('CHECKPOINT', message, { context: { path: name, bytes } })
}
