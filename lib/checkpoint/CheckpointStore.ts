import { access, constants, lstat, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { lockFile } from '../files/lockFile.ts'
import { digestOf, syncDirectory, targetOf, temporaryBeside } from '../files/paths.ts'
import { compileSchema } from '../options/ajv.ts'
import { type Checkpoint, checkpointError, checkpointSchema, startAgain } from './Checkpoint.ts'
import { upgradeVersion1, type Version1 } from './version1.ts'

/** Where a checkpoint is kept. */
export interface CheckpointStore {
  /** Names the checkpoint, for people and in the report. */
  readonly path: string
  /** A short name for the checkpoint, which can be part of a file name; equal in all processes. */
  readonly key: string
  /** Files that no other code may write. */
  readonly files: readonly string[]
  /**
   * The last saved checkpoint; undefined when there is none.
   *
   * @throws {LeadpipeError} CHECKPOINT when it can't be read, or is not a checkpoint of this version
   */
  load(): Promise<Checkpoint | undefined>
  /**
   * Saves durably, as a whole or not at all.
   *
   * @throws {LeadpipeError} CHECKPOINT when it can't be written; the last one is unchanged.
   */
  save(checkpoint: Checkpoint): Promise<void>
  /**
   * Locks the checkpoint for this process; resolves to a function that releases the lock.
   *
   * @throws {LeadpipeError} CHECKPOINT when another run holds the lock
   */
  lock(): Promise<() => Promise<void>>
}

/* A checkpoint file has two lines of JSON: a header with the digest of the second line, and the checkpoint. */
const format = 'leadpipe checkpoint'
const version = 2

/**
 * A checkpoint in a file.
 *
 * @throws {LeadpipeError} CHECKPOINT when it can't be written there; nothing is changed.
 */
export async function fileStore(path: string): Promise<CheckpointStore> {
  // The process may change its directory during the run.
  const absolute = resolve(path)
  const target = await checkWritable(path)
  return {
    path,
    key: keyOf(target),
    files: [target, temporaryOf(target)],
    load: () => loadCheckpoint(absolute),
    save: checkpoint => saveCheckpoint(absolute, checkpoint),
    lock: () =>
      lockFile(path, cause =>
        checkpointError(path, 'another run holds it', {
          cause,
          remedy: 'wait until that run ends, or give another path',
        }),
      ),
  }
}

async function checkWritable(path: string): Promise<string> {
  try {
    const target = await targetOf(path)
    await access(dirname(target), constants.W_OK)
    const temporary = temporaryOf(target)
    if ((await lstat(temporary).catch(ifMissing))?.isDirectory()) {
      throw new Error(`${temporary}, its temporary file, is a directory`)
    }
    return target
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'its directory does not exist' : `it can't be written: ${message}`
    throw checkpointError(path, why, { cause })
  }
}

function ifMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}

/**
 * The content of a checkpoint file; undefined when there is none.
 *
 * @throws {LeadpipeError} CHECKPOINT when it is not a checkpoint, has another version, or is damaged.
 */
export async function loadCheckpoint(path: string): Promise<Checkpoint | undefined> {
  const text = await read(path)
  if (text === undefined) return undefined
  const [head, body, ...rest] = text.split('\n')
  const header = parse(head)
  const remedy = startAgain
  if (header?.format !== format) {
    throw checkpointError(path, 'it is not a checkpoint of leadpipe, or it is damaged', { remedy })
  }
  if (header.version !== version && header.version !== 1) {
    throw checkpointError(path, `it has version ${header.version}, expected ${version}`, { remedy })
  }
  const whole = rest.join('') === '' && body !== undefined && header.digest === digestOf(body)
  if (!whole) throw checkpointError(path, 'it is damaged: its content does not match its digest', { remedy })
  const checkpoint: unknown = JSON.parse(body)
  if (header.version === 1) return upgradeVersion1(path, checkpoint as Version1)
  if (compileSchema(checkpointSchema)(checkpoint)) return checkpoint as Checkpoint
  throw checkpointError(path, 'it is damaged: it does not match the schema of version 2', { remedy })
}

async function read(path: string): Promise<string | undefined> {
  try {
    // Reading a pipe would wait for a writer; and nobody should delete /dev/null to start again.
    const found = await stat(path)
    if (found.isFIFO()) throw new Error('it is a pipe')
    if (found.isCharacterDevice() || found.isBlockDevice()) throw new Error('it is a device')
    return await readFile(path, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw checkpointError(path, `it can't be read: ${message}`, { cause: error })
  }
}

function parse(line: string | undefined): Record<string, unknown> | undefined {
  try {
    return JSON.parse(line ?? '') as Record<string, unknown>
  } catch {
    return undefined
  }
}

/** The path at which a checkpoint is written before it replaces the last one: equal in all processes. */
const temporaryOf = (target: string): string => temporaryBeside(target, keyOf(target), 'tmp')

const keyOf = (target: string): string => digestOf(target).slice(0, 8)

/**
 * Saves a checkpoint, as a whole or not at all: to a temporary file, which is flushed to the disk and then replaces
 * the last one, which may be a link to a file elsewhere. Only its owner may read it: it holds parameters of the
 * query, and records that wait for an HTTP receiver.
 *
 * @throws {LeadpipeError} CHECKPOINT when it can't be written; the last one is unchanged.
 */
export async function saveCheckpoint(path: string, checkpoint: Checkpoint): Promise<void> {
  try {
    const body = JSON.stringify(checkpoint)
    const head = JSON.stringify({ format, version, digest: digestOf(body) })
    const target = await targetOf(path)
    const temporary = temporaryOf(target)
    // A file left by another process may be readable for others, or a link.
    await rm(temporary, { force: true })
    try {
      await writeDurably(temporary, `${head}\n${body}\n`)
      await rename(temporary, target)
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {})
      throw error
    }
    await syncDirectory(dirname(target))
  } catch (cause) {
    throw checkpointError(path, `it can't be written: ${(cause as Error).message}`, { cause })
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}
