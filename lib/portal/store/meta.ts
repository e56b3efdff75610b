import type { Recipe } from '../leads/leadSource.ts'
import { PortalError } from '../PortalError.ts'
import type { Database } from './loadLibsql.ts'
import { databaseName } from './storeError.ts'

/** The version of the tables. It is raised by every change of them, so that an old file is not misread. */
const format = 1

/** The facts about a store's leads. */
export interface Meta {
  /** Number of leads, deleted ones included. */
  readonly leads: number
  /** Undefined for a user's own leads, and for leads that were changed. */
  readonly recipe: Recipe | undefined
}

interface Row {
  format: number
  generator: number | null
  seed: number | null
  leads: number
}

/**
 * Reads the facts about a database; undefined when it is empty.
 *
 * @throws PortalError STORE when it is not a portal's store of this version.
 */
export function readMeta(database: Database, path: string | undefined): Meta | undefined {
  const tables = database.prepare('SELECT name FROM sqlite_master').raw().all() as [string][]
  if (tables.length === 0) return undefined
  if (!['meta', 'lead', 'body'].every(table => tables.some(([name]) => name === table))) {
    throw new PortalError('STORE', `${databaseName(path)} is not a portal's: it holds other tables`)
  }
  const [row] = database.prepare('SELECT format, generator, seed, leads FROM meta').all() as Row[]
  if (row?.format !== format) {
    throw new PortalError('STORE', `${databaseName(path)} was made by another version of leadpipe: delete it`)
  }
  const { generator, seed, leads } = row
  const recipe = generator === null || seed === null ? undefined : { generator, seed, count: leads }
  return { leads, recipe }
}

/** Writes the facts about the database. The last step of filling it. */
export function writeMeta(database: Database, { leads, recipe }: Meta): void {
  const row = [format, recipe?.generator ?? null, recipe?.seed ?? null, leads]
  database.prepare('INSERT INTO meta (format, generator, seed, leads) VALUES (?, ?, ?, ?)').run(row)
}

/** Records that leads were changed: the recipe does not describe them any more. */
export function recordChange(database: Database, leads: number): void {
  database.prepare('UPDATE meta SET leads = ?, generator = NULL, seed = NULL').run([leads])
}
