import type Libsql from 'libsql'
import { PortalError } from '../PortalError.ts'

/** An open database. */
export type Database = Libsql.Database

/**
 * Loads libsql, the one package that speaks SQL. It is an optional dependency: exporting works without it,
 * so nothing may import it before a portal is wanted.
 *
 * @throws PortalError STORE when it is not installed, or has no binary for this platform.
 */
export async function loadLibsql(): Promise<typeof Libsql> {
  try {
    const { default: libsql } = await import('libsql')
    return libsql
  } catch (cause) {
    const sentence =
      'The portal needs the optional package libsql, which can not be loaded: npm install libsql'
    throw new PortalError('STORE', sentence, { cause })
  }
}
