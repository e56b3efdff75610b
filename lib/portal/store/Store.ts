import type { ListRequest } from '../list/ListRequest.ts'
import type { Database } from './loadLibsql.ts'
import { attributeOf, pageQuery, type Query, type Route, textQuery, windowQuery } from './pageQuery.ts'
import { createAttributeIndex } from './schema.ts'

/**
 * A time window of fewer leads than this is sorted; of more, the sorted index is walked and filtered. Where
 * the two cost the same depends on the window's share of the store; this is near it for a million leads.
 */
const narrow = 10_000

/** The leads, and the answers to lists of them. One process, one connection: an answer is one moment's. */
export class Store {
  /** How many leads it holds, deleted ones included. */
  readonly leads: number
  readonly #database: Database

  constructor(database: Database, leads: number) {
    this.#database = database
    this.leads = leads
  }

  /** The JSON text of each lead on a page, in its order, as UTF-8. */
  page(request: ListRequest): Buffer[] {
    const route = this.#route(request)
    const attribute = attributeOf(request)
    if (attribute !== undefined && route === 'sort') this.#database.exec(createAttributeIndex(attribute))
    const seqs = this.#rows<[number]>(pageQuery(request, route)).map(([seq]) => seq)
    const texts = new Map(this.#rows<[number, Buffer]>(textQuery(request, seqs)))
    return seqs.flatMap(seq => texts.get(seq) ?? [])
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
    return this.#rows<[number]>(windowQuery(request, narrow)).every(([count]) => count < narrow)
  }

  /** Statements are not kept: there are too many shapes of them, and preparing one takes ten microseconds. */
  #rows<Row>({ sql, values }: Query): Row[] {
    return this.#database.prepare(sql).raw().all(values) as Row[]
  }
}
