import { isAbsolute } from 'node:path'
import { LeadpipeError } from '../../errors.ts'
import { compileSchema } from '../../options/ajv.ts'
import type { Json } from '../../stage/Stage.ts'

/** A place in a file up to which everything is on the disk. */
export interface FilePlace {
  /** The file, absolute, its placeholders filled in. */
  path: string
  /** Where its bytes are until it is complete, absolute. */
  temporary: string
  /** How many bytes it has, exactly. */
  bytes: number
  /** What `tailOf` gives for `bytes`. */
  tail: string
}

/** How far a file is: plain JSON. */
export interface FileState extends FilePlace {
  /** How many records are in it. */
  records: number
  /** What the format needs to go on behind them; absent if nothing. */
  encoder?: Json
  /** Present when every record is in it, and its end: only its name is to be given. */
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
    tail: { type: 'string', pattern: '^[0-9a-f]{64}$' },
    complete: { const: true },
  },
}

/**
 * The state that a checkpoint holds for a file.
 *
 * @param path the file as the user named it, for the message
 * @throws {LeadpipeError} CHECKPOINT when it is not one.
 */
export function fileState(given: Json, path: string): FileState {
  const state = given as FileState
  if (compileSchema(schema)(given) && isAbsolute(state.path) && isAbsolute(state.temporary)) return state
  throw new LeadpipeError('CHECKPOINT', `${path}: what the checkpoint says of it can't be read`, {
    context: { path },
  })
}
