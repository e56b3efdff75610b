import { LeadpipeError } from '../../errors.ts'
import { beginAnew, checkContents, otherOutput } from './checkContents.ts'
import { type FileState, partialOf } from './fileState.ts'
import { findComplete } from './findComplete.ts'
import { lookAt } from './lookAt.ts'
import type { FileSettings } from './options.ts'
import type { Place } from './PartialFile.ts'

/** Where the output of a process that has ended is: under its temporary name, or in its place, complete. */
export type Output = { where: 'partial' } | { where: 'place'; end: Place }

/**
 * Looks where the output of a state is, without changing anything.
 *
 * @throws {LeadpipeError} CHECKPOINT when it is not there, or another one is.
 */
export async function findOutput(state: FileState, settings: FileSettings): Promise<Output> {
  const { path, bytes } = state
  const partial = partialOf(path)
  const begun = await lookAt(partial, async handle => {
    if (handle === undefined) throw otherOutput(partial, state)
    const size = await checkContents(handle, partial, state)
    if (state.complete && size !== bytes) throw otherOutput(partial, state)
    return { where: 'partial' } as const
  })
  if (begun !== undefined) return begun
  // A crash may have come between the rename and the last word of the run.
  const end = await findComplete(state, settings)
  if (end !== undefined) return { where: 'place', end }
  const message = `${partial} is not there, and ${path} is not the complete file: the output that the checkpoint is of is gone; ${beginAnew}`
  throw new LeadpipeError('CHECKPOINT', message, { context: { path: partial, bytes } })
}
