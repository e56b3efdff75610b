import { resolve } from 'node:path'
import { type Database, loadLibsql } from './loadLibsql.ts'
import { storeError } from './storeError.ts'

/** Maximum wait for another process that writes to the same file, in milliseconds. */
const timeout = 1_000

/**
 * Opens a database file, or one in memory.
 *
 * @throws PortalError STORE when libsql is missing or the file can't be opened.
 */
export async function openDatabase(path: string | undefined): Promise<Database> {
  const Libsql = await loadLibsql()
  try {
    // Resolved, because libsql does not take every name as a file ("http://…" means a server).
    const database = new Libsql(path === undefined ? ':memory:' : resolve(path), { timeout })
    // A page holds a few leads. A cache of 64 MB holds the indexes of about a million leads.
    database.exec('PRAGMA page_size = 16384; PRAGMA cache_size = -65536')
    return database
  } catch (cause) {
    throw storeError(path, cause)
  }
}
