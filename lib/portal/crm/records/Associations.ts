import type { Store } from '../../store/Store.ts'
import type { Records } from './Records.ts'

/** A page of the records that one record is associated with. */
export interface AssociatedPage {
  readonly ids: readonly string[]
  /** Where the next page starts; undefined at the end. */
  readonly after: string | undefined
}

const table = 'association'

/** The associations between all records of a portal, in a temporary table: each stands there in both directions. */
export class Associations {
  readonly #store: Store

  constructor(store: Store) {
    this.#store = store
    store.change(database =>
      database.exec(`CREATE TEMP TABLE ${table} (
        fromType TEXT NOT NULL, fromSeq INTEGER NOT NULL, toType TEXT NOT NULL, toSeq INTEGER NOT NULL,
        PRIMARY KEY (fromType, fromSeq, toType, toSeq)) WITHOUT ROWID`),
    )
  }

  /** Associates records; a pair that is associated already is not changed. */
  add(pairs: Iterable<readonly [from: Records, fromSeq: number, to: Records, toSeq: number]>): void {
    this.#store.change(database => {
      const insert = database.prepare(`INSERT OR IGNORE INTO ${table} VALUES (?, ?, ?, ?)`)
      for (const [from, fromSeq, to, toSeq] of pairs) {
        insert.run([from.type.id, fromSeq, to.type.id, toSeq])
        insert.run([to.type.id, toSeq, from.type.id, fromSeq])
      }
    })
  }

  /**
   * The ids of the records of one type that a record is associated with, ascending. Archived ones are left out.
   *
   * @param after the first id of the page; "" for the first page
   */
  page(
    from: Records,
    fromSeq: number,
    to: Records,
    { after, limit }: { after: string; limit: number },
  ): AssociatedPage {
    const first = after === '' ? 0 : to.firstSeqFrom(after)
    const sql = `SELECT toSeq FROM ${table} CROSS JOIN ${to.table} AS record ON record.seq = toSeq
      WHERE fromType = ? AND fromSeq = ? AND toType = ? AND toSeq >= ? AND record.isDeleted = 0
      ORDER BY toSeq LIMIT ?`
    const values = [from.type.id, fromSeq, to.type.id, first, limit + 1]
    const seqs = this.#store.rows<[number]>({ sql, values }).map(([seq]) => seq)
    const next = seqs[limit]
    return {
      ids: seqs.slice(0, limit).map(seq => to.idOf(seq)),
      after: next === undefined ? undefined : to.idOf(next),
    }
  }

  /** The record that others were merged into takes over their associations. */
  move(records: Records, fromSeqs: readonly number[], toSeq: number): void {
    const { id } = records.type
    this.#store.change(database => {
      for (const seq of fromSeqs) {
        for (const side of ['from', 'to']) {
          const where = `${side}Type = ? AND ${side}Seq = ?`
          database
            .prepare(`UPDATE OR IGNORE ${table} SET ${side}Seq = ? WHERE ${where}`)
            .run([toSeq, id, seq])
          database.prepare(`DELETE FROM ${table} WHERE ${where}`).run([id, seq])
        }
      }
    })
  }
}
