import { LeadpipeError } from '../../errors.ts'
import { destination } from './destination.ts'
import { type FileState, fileState } from './fileState.ts'
import { findComplete } from './findComplete.ts'
import type { FileSettings } from './options.ts'

/**
 * Makes sure that a file does not replace the one of the window of time before: what that holds comes in no other.
 * One that was moved away, or holds no record, is not missed.
 *
 * @param given the state that the window before ended with; undefined where there was none
 * @throws {LeadpipeError} CHECKPOINT
 */
export async function keepLast(path: string, given: unknown, settings: FileSettings): Promise<void> {
  if (given === undefined) return
  const last: FileState = fileState(given, path)
  const target = (await destination(path)).path
  if (target !== last.path || last.records === 0 || !(await findComplete(last, settings))) return
  const message = `${path} holds the ${last.records} records of the window before, which the next one would replace: move it away, or put {date} or {time} into the name`
  throw new LeadpipeError('CHECKPOINT', message, { context: { path } })
}
