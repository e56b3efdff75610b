import { FormStore, type SubmissionEvent } from '../forms/FormStore.ts'
import type { ListRequest } from '../list/ListRequest.ts'
import { PortalError } from '../PortalError.ts'
import { findQuery, type LeadKey, preparation } from './findQuery.ts'
import { type RowInserter, rowInserter } from './insertRow.ts'
import type { Database } from './loadLibsql.ts'
import { recordChange } from './meta.ts'
import { attributeOf, pageQuery, type Query, type Route, textQuery, windowQuery } from './pageQuery.ts'
import { createAttributeIndex, createMergedTable } from './schema.ts'
import { transaction } from './transaction.ts'
import { updateRow } from './updateRow.ts'

/** A lead as in JSON. */
export type JsonLead = Readonly<Record<string, unknown>>

/**
 * A time window with fewer leads than this is sorted; for a larger window, the sorted index is read and filtered.
 * The break-even point depends on the window's share of the store; this is close to it for a million leads.
 */
const narrow = 10_000

/** The leads, and the queries for lists of them. One process, one connection: an answer is a snapshot of one moment. */
export class Store {
  /** The forms that the leads' conversion events name, and their submissions. */
  readonly forms: FormStore
  readonly #database: Database
  readonly #prepared = new Set<string>()
  #leads: number
  /** The last `seq`. It is more than the number of leads once leads were merged. */
  #last: number
  #tieFactor = 1

  constructor(database: Database, leads: number) {
    this.#database = database
    this.#leads = leads
    this.forms = new FormStore(database)
    this.#last = this.rows<[number]>({ sql: 'SELECT ifnull(max(seq), 0) FROM lead', values: [] })[0]?.[0] ?? 0
  }

  /** Number of leads, deleted ones included. */
  get leads(): number {
    return this.#leads
  }

  /** The last `seq` that a lead has or had; 0 if there never was one. */
  get last(): number {
    return this.#last
  }

  /** Number of deleted leads. */
  get deleted(): number {
    const sql = 'SELECT count(*) FROM lead INDEXED BY lead_by_guid WHERE isDeleted = 1'
    return this.rows<[number]>({ sql, values: [] })[0]?.[0] ?? 0
  }

  /** The JSON text of each lead on a page, in the page's order, as UTF-8. */
  page(request: ListRequest): Buffer[] {
    const route = this.#route(request)
    const attribute = attributeOf(request)
    if (attribute !== undefined && route === 'sort') this.#prepare(createAttributeIndex(attribute))
    const seqs = this.rows<[number]>(pageQuery(request, route, this.#tieFactor)).map(([seq]) => seq)
    const texts = new Map(this.rows<[number, Buffer]>(textQuery(request.excludeConversionEvents, seqs)))
    return seqs.flatMap(seq => texts.get(seq) ?? [])
  }

  /** The `seq` of the lead with this guid, email address, … */
  find(key: LeadKey, value: string): number | undefined {
    this.#prepare(preparation[key])
    return this.rows<[number]>({ sql: findQuery(key), values: [value] })[0]?.[0]
  }

  /** The JSON text of one lead, as UTF-8. */
  text(seq: number): Buffer {
    const [row] = this.rows<[number, Buffer]>(textQuery(false, [seq]))
    if (row === undefined) throw new Error(`No lead has the number ${seq}`)
    return row[1]
  }

  /** The `seq` of the first lead that is deleted, or is not: searched from one `seq` on, and then from the start. */
  next(from: number, isDeleted: boolean): number | undefined {
    const select = 'SELECT seq FROM lead WHERE isDeleted = ? AND seq'
    const sql = `SELECT * FROM (${select} >= ? ORDER BY seq LIMIT 1) UNION ALL SELECT * FROM (${select} < ? ORDER BY seq LIMIT 1)`
    const flag = isDeleted ? 1 : 0
    return this.rows<[number]>({ sql, values: [flag, from, flag, from] })[0]?.[0]
  }

  /** Replaces a lead by the result of `change`. If that throws, nothing is changed. */
  update(seq: number, change: (lead: JsonLead) => JsonLead): void {
    transaction(this.#database, () => {
      updateRow(this.#database, seq, change(JSON.parse(this.text(seq).toString())))
      recordChange(this.#database, this.#leads)
    })
  }

  /**
   * Adds leads after the others, all or none.
   *
   * @throws PortalError LEADS for a guid that already exists.
   */
  insert(leads: Iterable<JsonLead>): void {
    const inserted = transaction(this.#database, () => {
      const insertRow = rowInserter(this.#database)
      let count = 0
      for (const lead of leads) this.#insert(insertRow, this.#last + ++count, lead)
      recordChange(this.#database, this.#leads + count)
      return count
    })
    this.#leads += inserted
    this.#last += inserted
  }

  /**
   * Replaces two leads by a new one after all others, or does nothing.
   *
   * @param merge returns the new lead
   */
  merge(seqs: readonly [number, number], merge: (first: JsonLead, second: JsonLead) => JsonLead): void {
    this.#prepare(createMergedTable)
    const survivor = this.#last + 1
    transaction(this.#database, () => {
      const [first, second] = seqs.map(seq => JSON.parse(this.text(seq).toString())) as [JsonLead, JsonLead]
      for (const table of ['lead', 'body']) {
        this.#database.prepare(`DELETE FROM ${table} WHERE seq IN (?, ?)`).run([...seqs])
      }
      this.#insert(rowInserter(this.#database), survivor, merge(first, second))
      this.#database
        .prepare('UPDATE merged SET survivor = ? WHERE survivor IN (?, ?)')
        .run([survivor, ...seqs])
      const insertMerged = this.#database.prepare('INSERT INTO merged (seq, survivor) VALUES (?, ?)')
      for (const seq of seqs) insertMerged.run([seq, survivor])
      recordChange(this.#database, this.#leads - 1)
    })
    this.#leads--
    this.#last = survivor
  }

  /** The `seq` of the lead that a merged one became part of; undefined if no lead with this `seq` was merged. */
  survivorOf(seq: number): number | undefined {
    this.#prepare(createMergedTable)
    return this.rows<[number]>({ sql: 'SELECT survivor FROM merged WHERE seq = ?', values: [seq] })[0]?.[0]
  }

  #insert(insertRow: RowInserter, seq: number, lead: JsonLead): void {
    if (typeof lead.guid === 'string' && this.find('guid', lead.guid) !== undefined) {
      throw new PortalError('LEADS', `A lead with the guid ${JSON.stringify(lead.guid)} is there already`)
    }
    insertRow(seq, lead)
  }

  /** Adds a submission that matches no contact. */
  submit(event: SubmissionEvent): void {
    this.forms.prepare()
    transaction(this.#database, () => {
      this.forms.add(event)
      recordChange(this.#database, this.#leads)
    })
  }

  /** From now on, leads of equal value are ordered by this factor, not by insertion. */
  reorderTies(factor: number): void {
    this.#tieFactor = factor
  }

  /** Changes tables that are not those of the leads: does all of the work or, if it throws, nothing. */
  change<T>(work: (database: Database) => T): T {
    return transaction(this.#database, () => work(this.#database))
  }

  /**
   * The rows of a query. Statements are not cached: there are too many different ones, and preparing one takes ten
   * microseconds.
   */
  rows<Row>({ sql, values }: Query): Row[] {
    return this.#database.prepare(sql).raw().all(values) as Row[]
  }

  close(): void {
    this.#database.close()
  }

  #route(request: ListRequest): Route {
    if (request.guids !== undefined) return 'guids'
    if (request.sort === request.pivot) return 'pivot'
    return request.start !== undefined && this.#isNarrow(request) ? 'pivot' : 'sort'
  }

  #isNarrow(request: ListRequest): boolean {
    return this.rows<[number]>(windowQuery(request, narrow)).every(([count]) => count < narrow)
  }

  /** Runs SQL that creates an index, once. */
  #prepare(sql: string | undefined): void {
    if (sql === undefined || this.#prepared.has(sql)) return
    transaction(this.#database, () => this.#database.exec(sql))
    this.#prepared.add(sql)
  }
}
