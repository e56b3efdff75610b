import { existsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { PortalError } from '../PortalError.ts'

/** The name of a database in messages. */
export function databaseName(path: string | undefined): string {
  return path === undefined ? 'The database in memory' : `The database ${path}`
}

/** An error that describes a database problem in one sentence. A PortalError stays as it is. */
export function storeError(path: string | undefined, cause: unknown): PortalError {
  if (cause instanceof PortalError) return cause
  const { code, message } = cause as { code?: string; message?: string }
  const reason = reasons.get(code) ?? `can not be used: ${placeProblem(path) ?? message}`
  return new PortalError('STORE', `${databaseName(path)} ${reason}`, { cause })
}

const reasons: ReadonlyMap<string | undefined, string> = new Map([
  ['SQLITE_NOTADB', 'is not an SQLite database'],
  ['SQLITE_BUSY', 'is in use by another process'],
])

/** What is wrong with the place of a database, of which SQLite says only that it can't be opened. */
function placeProblem(path: string | undefined): string | undefined {
  if (path === undefined) return undefined
  if (!existsSync(dirname(path))) return 'its directory does not exist'
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ? 'it is a directory' : undefined
}
