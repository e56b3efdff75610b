import { isAbsolute } from 'node:path'
import { LeadpipeError } from '../../errors.ts'
import { compileSchema } from '../../model/ajv.ts'

/** How far a file is: plain JSON. */
export interface FileState {
  /** The file, absolute, its placeholders filled in. Until it is complete, its bytes are in {@link partialOf} it. */
  path: string
  /** How many bytes it has there, exactly. */
  bytes: number
  /** How many records are in them. */
  records: number
  /** What {@link tailOf} gives for `bytes`. */
  tail: string
  /** Present when every record is in it, and its end: only its name is to be given. */
  complete?: true
}

const count = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER }
const schema = {
  type: 'object',
  required: ['path', 'bytes', 'records', 'tail'],
  properties: {
    path: { type: 'string' },
    bytes: count,
    records: count,
    tail: { type: 'string', pattern: '^[0-9a-f]{64}$' },
    complete: { const: true },
  },
}

/**
 * The state that a checkpoint holds for a file.
 *
 * @param path the file as the user named it, for the message
 * @throws {LeadpipeError} CHECKPOINT when it is none.
 */
export function fileState(given: unknown, path: string): FileState {
  if (compileSchema(schema)(given) && isAbsolute((given as FileState).path)) return given as FileState
  throw new LeadpipeError('CHECKPOINT', `${path}: what the checkpoint says of it can't be read`, {
    context: { path },
  })
}

/** The name of a file that can be continued, until it is complete. */
export const partialOf = (path: string): string => `${path}.partial`
