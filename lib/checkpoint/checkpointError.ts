import { LeadpipeError } from '../errors.ts'

/** A CHECKPOINT error that names the file. */
export function checkpointError(path: string, message: string, cause?: unknown): LeadpipeError {
  return new LeadpipeError('CHECKPOINT', `checkpoint ${path}: ${message}`, {
    ...(cause === undefined ? {} : { cause }),
    context: { path },
  })
}
