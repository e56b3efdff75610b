import { bodyColumns, leadColumns, leadRow } from './leadRow.ts'
import type { Database } from './loadLibsql.ts'

/** Writes a lead into its two tables, after all others: `seq` is the last one plus 1. */
export type RowInserter = (seq: number, lead: object) => void

/** Prepares the statements once; the caller has begun a transaction. */
export function rowInserter(database: Database): RowInserter {
  const insertLead = insertInto(database, 'lead', leadColumns)
  const insertBody = insertInto(database, 'body', bodyColumns)
  return (seq, lead) => {
    const row = leadRow(seq, lead)
    insertLead.run(row.lead)
    insertBody.run(row.body)
  }
}

function insertInto(database: Database, table: string, columns: readonly string[]) {
  const places = columns.map(() => '?').join(', ')
  return database.prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${places})`)
}
