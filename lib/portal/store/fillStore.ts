import { setImmediate } from 'node:timers/promises'
import type { LeadSource } from '../leads/leadSource.ts'
import { PortalError } from '../PortalError.ts'
import { rowInserter } from './insertRow.ts'
import type { Database } from './loadLibsql.ts'
import { type Meta, writeMeta } from './meta.ts'
import { createIndexes, createTables } from './schema.ts'

/** Number of leads after which signals and timers get a turn. */
const turn = 1_000

/**
 * Fills an empty database within the caller's transaction: a process that is killed in between leaves an empty
 * database.
 *
 * @throws PortalError LEADS when the source fails, or has two leads with the same guid.
 */
export async function fillStore(database: Database, source: LeadSource): Promise<Meta> {
  database.exec(createTables)
  const insert = rowInserter(database)
  let leads = 0
  for await (const lead of source.leads) {
    insert(++leads, lead)
    if (leads % turn === 0) await setImmediate()
  }
  database.exec(createIndexes)
  refuseDuplicates(database, source)
  const meta = { leads, recipe: source.recipe }
  writeMeta(database, meta)
  return meta
}

function refuseDuplicates(database: Database, source: LeadSource): void {
  const duplicates = database
    .prepare(
      'SELECT min(seq), max(seq) FROM lead WHERE guid IS NOT NULL GROUP BY guid HAVING count(*) > 1 LIMIT 1',
    )
    .raw()
    .all() as [number, number][]
  for (const [first, last] of duplicates) {
    throw new PortalError('LEADS', `Leads ${first} and ${last} of ${source.name} have the same guid`)
  }
}
