import type Libsql from 'libsql'
import { optionError } from '../../options/checkOptions.ts'

/** An open database. */
export type Database = Libsql.Database

/**
 * Opens a database in a file. The package for it is an optional dependency: everything else works without it, so it must
 * not be imported before it is needed.
 *
 * @param owner the function that needs it, for the message
 * @throws {LeadpipeError} OPTION when the package is not installed, or has no binary for this platform
 */
export async function openDatabase(path: string, owner: string): Promise<Database> {
  return new (await loadLibsql(owner))(path)
}

/** @throws {LeadpipeError} like {@link openDatabase} */
export async function loadLibsql(owner: string): Promise<typeof Libsql> {
  try {
    const { default: libsql } = await import('libsql')
    return libsql
  } catch (cause) {
    const expected =
      'the optional package libsql, which holds the submissions of forms while contacts are read'
    const received = 'one that can not be loaded'
    throw optionError({ owner, expected, received, remedy: 'npm install libsql' }, cause)
  }
}
