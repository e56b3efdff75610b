import type { Value } from '../../store/leadRow.ts'
import type { Store } from '../../store/Store.ts'
import type { ObjectType } from '../ObjectType.ts'
import type { Property, StoredRecord } from '../properties/Property.ts'
import type { NewRecord, Properties } from './NewRecord.ts'

/**
 * The records of one type. Each is a row of a table with the columns `seq`, `insertedAt`, `lastModifiedAt` and
 * `isDeleted`; indexes `…_by_insertedAt` and `…_by_lastModifiedAt` hold all four. Ids ascend with `seq`.
 */
export abstract class Records {
  readonly type: ObjectType
  /** The name of the table. */
  readonly table: string
  protected readonly store: Store
  readonly #properties: Map<string, Property>

  constructor(type: ObjectType, table: string, store: Store, properties: readonly Property[]) {
    this.type = type
    this.table = table
    this.store = store
    this.#properties = new Map(properties.map(property => [property.name, property]))
  }

  abstract idOf(seq: number): string
  /** The `seq` that has this id; undefined if none can have it. */
  abstract seqOf(id: string): number | undefined
  /** The `seq` of the record that a merged one became part of. */
  abstract survivorOf(seq: number): number | undefined
  /** The `seq` of the record that is not archived and has this value; archived ones count if there is no other. */
  abstract findBy(property: string, value: string): number | undefined
  /** Reads records, in the order of `seqs`; those that do not exist are left out. */
  abstract read(seqs: readonly number[], withEvents: boolean): StoredRecord[]
  /** Adds records after all others, all or none, and returns their ids. */
  abstract insert(records: Iterable<NewRecord>, now: number): string[]
  abstract update(seq: number, properties: Properties, now: number): void
  /** Archiving does not move the time of the last modification; un-archiving does. */
  abstract archive(seq: number, isArchived: boolean, now: number): void
  /** Replaces two records by a new one, whose id is higher than all others, and returns its `seq`. */
  abstract merge(seqs: readonly [number, number], now: number): number

  get properties(): readonly Property[] {
    return [...this.#properties.values()]
  }

  property(name: string): Property | undefined {
    return this.#properties.get(name)
  }

  define(property: Property): void {
    this.#properties.set(property.name, property)
  }

  /** The smallest `seq` whose id is at least this one: a decimal number of any length. */
  firstSeqFrom(id: string): number {
    const [wanted, end] = [Number(id), 2 ** 52]
    let [from, to] = [1, end]
    while (from < to) {
      const middle = Math.floor((from + to) / 2)
      if (Number(this.idOf(middle)) < wanted) from = middle + 1
      else to = middle
    }
    return from
  }

  /** The `seq` of the record that answers for an id: its own, or that of the record that it was merged into. */
  find(id: string): number | undefined {
    const seq = this.seqOf(id)
    if (seq === undefined) return undefined
    return this.survivorOf(seq) ?? (this.#isArchived(seq) === undefined ? undefined : seq)
  }

  isArchived(seq: number): boolean {
    return this.#isArchived(seq) === true
  }

  /** The `seq` of records from one on, ascending. */
  list(from: number, isArchived: boolean, most: number): number[] {
    const sql = `SELECT seq FROM ${this.table} NOT INDEXED WHERE seq >= ? AND isDeleted = ? ORDER BY seq LIMIT ?`
    return this.rows<[number]>(sql, from, Number(isArchived), most).map(([seq]) => seq)
  }

  /** Number of records that are not archived. */
  get count(): number {
    const index = `${this.table}_by_lastModifiedAt`
    const sql = `SELECT count(*) FROM ${this.table} INDEXED BY ${index} WHERE isDeleted = 0`
    return this.rows<[number]>(sql)[0]?.[0] ?? 0
  }

  rows<Row>(sql: string, ...values: Value[]): Row[] {
    return this.store.rows<Row>({ sql, values })
  }

  #isArchived(seq: number): boolean | undefined {
    const [row] = this.rows<[number]>(`SELECT isDeleted FROM ${this.table} WHERE seq = ?`, seq)
    return row && row[0] === 1
  }
}
