import { PortalError } from '../../PortalError.ts'
import type { Database } from '../../store/loadLibsql.ts'
import type { Store } from '../../store/Store.ts'
import type { ObjectType } from '../ObjectType.ts'
import { plainProperty, recordProperties, type StoredRecord } from '../properties/Property.ts'
import type { PropertyDefinition } from '../properties/PropertyDefinition.ts'
import { recordIdOf } from '../recordId.ts'
import type { NewRecord, Properties } from './NewRecord.ts'
import { Records } from './Records.ts'
import { readValues, type Values } from './readValues.ts'

interface Row {
  readonly seq: number
  readonly insertedAt: number
  readonly lastModifiedAt: number
  readonly archivedAt: number
  readonly text: string
}

const columns = 'seq, insertedAt, lastModifiedAt, archivedAt, isDeleted, text'
const gap = 7

/**
 * The records of a type that is not contacts. They are in a temporary table, whose `seq` is the id: a portal does not
 * keep them in its file.
 */
export class ObjectRecords extends Records {
  /** What merged records became, by their `seq`. */
  readonly #survivors = new Map<number, number>()
  #last = 0

  constructor(type: ObjectType, store: Store, custom: readonly PropertyDefinition[]) {
    super(type, `object_${type.id.replace('-', '_')}`, store, [])
    const times = recordProperties(['createdate', 'hs_createdate'], type.modified)
    for (const property of times) this.define(property)
    for (const name of [...type.defaultProperties, ...type.otherProperties, 'hs_merged_object_ids']) {
      if (this.property(name) === undefined) this.define(plainProperty({ name }))
    }
    for (const definition of custom) this.define({ ...plainProperty(definition), isCustom: true })
    store.change(database => {
      database.exec(`CREATE TEMP TABLE ${this.table} (
        seq INTEGER PRIMARY KEY, insertedAt INTEGER NOT NULL, lastModifiedAt INTEGER NOT NULL,
        archivedAt INTEGER NOT NULL, isDeleted INTEGER NOT NULL, text TEXT NOT NULL)`)
      for (const time of ['insertedAt', 'lastModifiedAt']) {
        const index = `${this.table}_by_${time}`
        const indexed = [...new Set([time, 'seq', 'insertedAt', 'isDeleted', 'lastModifiedAt'])]
        database.exec(`CREATE INDEX temp.${index} ON ${this.table} (${indexed.join(', ')})`)
      }
    })
  }

  idOf(seq: number): string {
    return String(seq)
  }

  seqOf(id: string): number | undefined {
    const seq = Number(id)
    return /^[1-9]\d*$/.test(id) && Number.isSafeInteger(seq) ? seq : undefined
  }

  survivorOf(seq: number): number | undefined {
    return this.#survivors.get(seq)
  }

  findBy(property: string, value: string): number | undefined {
    const sql = `SELECT seq FROM ${this.table} WHERE text ->> ? = ? ORDER BY isDeleted, seq LIMIT 1`
    return this.rows<[number]>(sql, `$."${property}"`, value)[0]?.[0]
  }

  read(seqs: readonly number[]): StoredRecord[] {
    const rows = new Map(this.#read(seqs).map(row => [row.seq, row]))
    return seqs.flatMap(seq => {
      const row = rows.get(seq)
      return row === undefined ? [] : [storedRecord(row)]
    })
  }

  insert(records: Iterable<NewRecord>, now: number): string[] {
    const before = this.#last
    try {
      return this.store.change(database => [...records].map(record => this.#insert(database, record, now)))
    } catch (error) {
      this.#last = before
      throw error
    }
  }

  update(seq: number, properties: Properties, now: number): void {
    const [row] = this.read([seq])
    if (row === undefined) return
    const { values, createdAt = row.createdAt, updatedAt } = readValues(this.type, properties)
    this.#defineAll(values)
    const lastModifiedAt = updatedAt ?? Math.max(Math.trunc(now), row.updatedAt + 1)
    this.#write(seq, {
      insertedAt: createdAt,
      lastModifiedAt,
      text: JSON.stringify({ ...row.source, ...values }),
    })
  }

  archive(seq: number, isArchived: boolean, now: number): void {
    const time = Math.trunc(now)
    if (isArchived) this.#write(seq, { isDeleted: 1, archivedAt: time })
    else this.#write(seq, { isDeleted: 0, archivedAt: 0, lastModifiedAt: time })
  }

  merge(seqs: readonly [number, number], now: number): number {
    const [first, second] = this.read(seqs)
    const ids = [first, second].flatMap(record => record?.source.hs_merged_object_ids ?? [])
    const properties = {
      ...second?.source,
      ...Object.fromEntries(Object.entries(first?.source ?? {}).filter(([, value]) => value !== null)),
      createdate: Math.min(first?.createdAt ?? now, second?.createdAt ?? now),
      hs_merged_object_ids: [...ids, ...seqs].join(';'),
    } as Properties
    const survivor = this.store.change(database => {
      database.prepare(`DELETE FROM ${this.table} WHERE seq IN (?, ?)`).run([...seqs])
      return Number(this.#insert(database, { properties }, now))
    })
    for (const [seq, became] of this.#survivors) {
      if (seqs.includes(became)) this.#survivors.set(seq, survivor)
    }
    for (const seq of seqs) this.#survivors.set(seq, survivor)
    return survivor
  }

  #read(seqs: readonly number[]): Row[] {
    const sql = `SELECT ${columns} FROM ${this.table} WHERE seq IN (SELECT value FROM json_each(?))`
    type Raw = [number, number, number, number, number, string]
    return this.rows<Raw>(sql, JSON.stringify(seqs)).map(
      ([seq, insertedAt, lastModifiedAt, archivedAt, isDeleted, text]) => ({
        seq,
        insertedAt,
        lastModifiedAt,
        archivedAt: isDeleted === 1 ? archivedAt : -1,
        text,
      }),
    )
  }

  #insert(database: Database, { id, properties = {}, archived = false }: NewRecord, now: number): string {
    const seq = this.#freeSeq(String(id ?? this.#nextSeq()))
    const time = Math.trunc(now)
    const {
      values,
      createdAt = time,
      updatedAt = Math.max(time, createdAt),
    } = readValues(this.type, properties)
    this.#defineAll(values)
    const row = [
      seq,
      createdAt,
      updatedAt,
      archived ? updatedAt : 0,
      Number(archived),
      JSON.stringify(values),
    ]
    database.prepare(`INSERT INTO ${this.table} (${columns}) VALUES (?, ?, ?, ?, ?, ?)`).run(row)
    this.#last = Math.max(this.#last, seq)
    return this.idOf(seq)
  }

  #nextSeq(): number {
    return this.#last === 0 ? Number(recordIdOf(1)) : this.#last + gap
  }

  #freeSeq(id: string): number {
    const seq = this.seqOf(id)
    if (seq === undefined) {
      const expected = 'expected a whole number from 1 to 9007199254740991'
      throw new PortalError('LEADS', `The id of a record of ${this.type.name}: ${expected}, received ${id}`)
    }
    if (this.find(id) !== undefined) {
      throw new PortalError('LEADS', `A record of ${this.type.name} with the id ${id} is there already`)
    }
    return seq
  }

  #write(seq: number, values: Partial<Row & { isDeleted: number }>): void {
    const assignments = Object.keys(values).map(column => `${column} = ?`)
    const sql = `UPDATE ${this.table} SET ${assignments.join(', ')} WHERE seq = ?`
    this.store.change(database => database.prepare(sql).run([...Object.values(values), seq]))
  }

  /** A property that a record has is one of its type. */
  #defineAll(values: Values): void {
    for (const name of Object.keys(values)) {
      if (this.property(name) === undefined) this.define({ ...plainProperty({ name }), isCustom: true })
    }
  }
}

function storedRecord({ seq, insertedAt, lastModifiedAt, archivedAt, text }: Row): StoredRecord {
  return {
    id: String(seq),
    createdAt: insertedAt,
    updatedAt: lastModifiedAt,
    archivedAt: archivedAt < 0 ? undefined : archivedAt,
    source: JSON.parse(text),
  }
}
