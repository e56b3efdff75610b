import { randomUUID } from 'node:crypto'
import { mkdtemp, open, rm, stat, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { LeadpipeError } from '../../errors.ts'
import { lockFile } from '../../files/lockFile.ts'
import { type Database, openDatabase } from './openDatabase.ts'
import { applicationId, Spool, unusable } from './Spool.ts'

/** Where a spool is, and what it belongs to. */
export interface SpoolOptions {
  /** Undefined for a temporary file. */
  readonly path: string | undefined
  /** Whether the file is kept for a restart. */
  readonly isKept: boolean
  /** What must be equal for a file to belong to the same export. */
  readonly identity: string
  /** The id of the spool that a restart continues; undefined for a new one. */
  readonly id: string | undefined
  /** The function that needs it, for messages. */
  readonly owner: string
}

/**
 * Opens a spool: the one that a restart continues, or a new one in place of an older one of the same export.
 *
 * @throws {LeadpipeError} CHECKPOINT when the file is not the one that the restart needs, or belongs to something else;
 * OPTION when libsql is missing; SOURCE when the file can't be used
 */
export async function openSpool({ isKept, identity, owner, ...options }: SpoolOptions): Promise<Spool> {
  const folder = options.path === undefined ? await mkdtemp(join(tmpdir(), 'leadpipe-')) : undefined
  // Resolved, because libsql does not take every name as a file ("http://…" means a server).
  const path = resolve(options.path ?? join(folder as string, 'submissions.sqlite'))
  let database: Database | undefined
  let isOurs = false
  let unlock = async () => {}
  const release = async () => {
    if (!isKept && isOurs) await removeSpool(path)
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
    await unlock()
  }
  try {
    unlock = await lockFile(path, cause => inUse(path, cause))
    const size = await sizeOf(path)
    const isNew = options.id === undefined
    if (isNew && size !== undefined) {
      if (size > 0) await checkOlder(path, identity, owner)
      await removeSpool(path)
    } else if (!isNew && size === undefined) throw lost(path, 'it does not exist')
    isOurs = true
    // Only its owner may read it: it holds personal data. SQLite gives its journal the same rights.
    if (isNew) await (await open(path, 'wx', 0o600)).close()
    database = await openDatabase(path, owner)
    database.exec(isKept ? durable : fast)
    const id = options.id ?? randomUUID()
    const spool = new Spool(database, id, path, release)
    if (isNew) spool.create(identity)
    else if (spool.get('id') !== id) throw lost(path, 'it belongs to another run')
    return spool
  } catch (error) {
    database?.close()
    await release()
    throw error instanceof LeadpipeError ? error : unusable(path, error)
  }
}

/** 16 MiB of pages are in memory, however large the file is. */
const cache = 'PRAGMA cache_size = -16384'
/** The default journal needs little: almost everything is appended, and only old pages go into it. */
const durable = `PRAGMA synchronous = NORMAL; ${cache}`
const fast = `PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; ${cache}`

/** Removes a spool, with its journal. */
export async function removeSpool(path: string): Promise<void> {
  // libsql keeps a closed file open until its statements are collected. So the space is freed, and the data gone, now.
  const isEmptied = await truncate(path).then(
    () => true,
    () => false,
  )
  await rm(`${path}-journal`, { force: true })
  await rm(path, { force: true }).catch(error => {
    // Windows does not remove a file that is open.
    if (!isEmptied) throw error
  })
}

/** @throws {LeadpipeError} CHECKPOINT when the file is something else, or the spool of another export */
async function checkOlder(path: string, identity: string, owner: string): Promise<void> {
  const older = await identityOf(path, owner)
  if (older === identity) return
  const what =
    older === undefined
      ? 'it is not a file of submissions that leadpipe made'
      : 'it holds the submissions of another portal, or of an export with other options'
  const remedy = 'delete it, or give another path for the submissions (spool)'
  throw new LeadpipeError('CHECKPOINT', `${path}: ${what}`, { context: { path, remedy } })
}

/** What a spool belongs to; undefined if the file is not a spool. */
async function identityOf(path: string, owner: string): Promise<unknown> {
  const database = await openDatabase(path, owner)
  try {
    const [found] = database.prepare('PRAGMA application_id').all() as { application_id: number }[]
    if (found?.application_id !== applicationId) return undefined
    const [row] = database.prepare("SELECT value FROM meta WHERE name = 'identity'").all() as {
      value: string
    }[]
    return row && JSON.parse(row.value)
  } catch {
    return undefined
  } finally {
    database.close()
  }
}

const sizeOf = (path: string): Promise<number | undefined> =>
  stat(path).then(
    ({ size }) => size,
    () => undefined,
  )

const inUse = (path: string, cause: unknown) =>
  new LeadpipeError('CHECKPOINT', `${path}: another run uses it`, {
    cause,
    context: { path, remedy: 'wait until that run ends, or give another path for the submissions (spool)' },
  })

function lost(path: string, why: string): LeadpipeError {
  const problem = `the submissions that were read before the restart are lost: ${path}: ${why}`
  const remedy = 'delete the checkpoint to start again'
  return new LeadpipeError('CHECKPOINT', problem, { context: { path, remedy } })
}
