import { readFile, stat } from 'node:fs/promises'
import { digestOf } from '../files/digestOf.ts'
import { compileSchema } from '../options/ajv.ts'
import { type Checkpoint, checkpointSchema } from './Checkpoint.ts'
import { checkpointError } from './checkpointError.ts'
import { format, version } from './format.ts'
import { upgradeVersion1, type Version1 } from './version1.ts'

/**
 * What a checkpoint file holds; undefined when there is none.
 *
 * @throws {LeadpipeError} CHECKPOINT when it is no checkpoint, one of another version, or damaged.
 */
export async function loadCheckpoint(path: string): Promise<Checkpoint | undefined> {
  const text = await read(path)
  if (text === undefined) return undefined
  const [head, body, ...rest] = text.split('\n')
  const told = parse(head)
  if (told?.format !== format)
    throw checkpointError(path, 'it is no checkpoint of leadpipe, or a damaged one')
  if (told.version !== version && told.version !== 1) {
    throw checkpointError(path, `it is of version ${told.version}, expected version ${version}`)
  }
  const whole = rest.join('') === '' && body !== undefined && told.digest === digestOf(body)
  if (!whole) throw checkpointError(path, 'it is damaged: its content is not what its first line says')
  const checkpoint: unknown = JSON.parse(body)
  if (told.version === 1) return upgradeVersion1(path, checkpoint as Version1)
  if (compileSchema(checkpointSchema)(checkpoint)) return checkpoint as Checkpoint
  throw checkpointError(path, 'it is damaged: it is not what a checkpoint of version 2 holds')
}

async function read(path: string): Promise<string | undefined> {
  try {
    // To read a pipe would wait for somebody who writes to it.
    if ((await stat(path)).isFIFO()) throw new Error('it is a pipe')
    return await readFile(path, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw checkpointError(path, `it can't be read: ${message}`, error)
  }
}

function parse(line: string | undefined): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line ?? '') as Record<string, unknown>
  } catch {
    return undefined
  }
}
