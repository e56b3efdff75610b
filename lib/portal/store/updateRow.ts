import { bodyColumns, leadColumns, leadRow } from './leadRow.ts'
import type { Database } from './loadLibsql.ts'

/**
 * Writes a lead's two rows again. SQLite updates every index, including those that were created when a list was
 * first sorted by an attribute.
 */
export function updateRow(database: Database, seq: number, lead: object): void {
  const row = leadRow(seq, lead)
  update(database, 'lead', leadColumns, row.lead)
  update(database, 'body', bodyColumns, row.body)
}

function update(database: Database, table: string, columns: readonly string[], values: readonly unknown[]) {
  const [key, ...others] = columns
  const [seq, ...rest] = values
  const assignments = others.map(column => `${column} = ?`).join(', ')
  database.prepare(`UPDATE ${table} SET ${assignments} WHERE ${key} = ?`).run([...rest, seq])
}
