import type Libsql from 'libsql'
import { PortalError } from '../PortalError.ts'

/** An open database. */
export type Database = Libsql.Database

/**
 * Loads libsql, the only package for SQL. It is an optional dependency: exporting works without it, so it must not
 * be imported before a portal is needed.
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
