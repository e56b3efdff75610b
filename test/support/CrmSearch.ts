import { Readable } from 'node:stream'
import type { AnyRecord } from '../../lib/crm/CrmRecord.ts'
import { compareIds } from '../../lib/crm/recordId.ts'
import { expressDecoder } from '../../lib/decode/expressDecoder.ts'
import { isObject } from '../../lib/decode/parseElement.ts'
import type { CrmRequest, SearchRequest } from '../../lib/paging/crm/CrmRequest.ts'
import type { PageSource } from '../../lib/sources/Page.ts'
import { Rejected } from '../../lib/stage/Rejected.ts'

/** A record in memory. */
export interface Modified {
  id: string
  time: number
  archived: boolean
  /** The ids of the records that became this one. */
  merged: string[]
}

/** How an answer differs from what is right. */
export interface SearchFaults {
  /** The order of the records of a search; default: as requested. */
  order?(a: Modified, b: Modified): number
  /** Changes the text of an answer. */
  text?(text: string, request: CrmRequest): string
  /** Whether a page of a search has half of its records. */
  isShort?(): boolean
  /** How many records that do not match are in a page of a search. */
  outside?(): number
  /** Whether a batch read leaves out a record. */
  lost?(): boolean
  /** How ids are compared by a filter, and by a sort; default: as numbers. */
  filterIds?: typeof compareIds
  sortIds?: typeof compareIds
  /** Changes the records before an answer. */
  before?(request: CrmRequest): void
}

/** Compares ids as text. */
export const asText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/** Records of an object type in memory, which answers searches and batch reads as HubSpot does. */
export class CrmSearch {
  readonly records = new Map<string, Modified>()
  readonly mergedInto = new Map<string, string>()
  readonly requests: CrmRequest[] = []
  readonly faults: SearchFaults
  /** The server's time. */
  now: number
  readonly #reach: number
  /** How often each record was left out. */
  readonly #lost = new Map<string, number>()

  constructor(now: number, reach: number, faults: SearchFaults = {}) {
    this.now = now
    this.#reach = reach
    this.faults = faults
  }

  /** The number of requests of one kind. */
  count(kind: CrmRequest['kind']): number {
    return this.requests.filter(request => request.kind === kind).length
  }

  add(id: string, time: number, merged: string[] = []): void {
    if (!this.mergedInto.has(id) && !this.records.has(id))
      this.records.set(id, { id, time, archived: false, merged })
  }

  /** The records in the order of (time, id). */
  get ordered(): Modified[] {
    return [...this.records.values()].toSorted((a, b) => a.time - b.time || compareIds(a.id, b.id))
  }

  /** Merges two records into a new one. */
  merge(a: string, b: string, id: string): void {
    const merged = [a, b].flatMap(loser => [loser, ...(this.records.get(loser)?.merged ?? [])])
    for (const loser of merged) {
      this.records.delete(loser)
      this.mergedInto.set(loser, id)
    }
    this.add(id, this.now, merged)
  }

  answer(request: CrmRequest): object {
    if (request.kind === 'search') return this.#search(request)
    if (request.kind !== 'records') throw new Error(`unexpected: ${request.kind}`)
    const found = request.ids.map(id => this.records.get(this.mergedInto.get(id) ?? id))
    const present = new Set(found.filter(record => record !== undefined && !record.archived))
    const lost = this.faults.lost?.()
      ? [...present].find(record => this.#mayLose(record?.id ?? ''))
      : undefined
    const results = [...present].filter(record => record !== lost)
    return { status: 'COMPLETE', results: results.map(record => recordOf(record as Modified)) }
  }

  /** A record that is left out three times counts as gone, so none is left out more than twice. */
  #mayLose(id: string): boolean {
    const times = (this.#lost.get(id) ?? 0) + 1
    this.#lost.set(id, times)
    return times <= 2
  }

  #search({ range: { from, to, ids }, offset, max }: SearchRequest): object {
    if (offset + max > this.#reach || max < 1) throw new Error(`offset ${offset}, limit ${max}`)
    const { filterIds = compareIds, sortIds = compareIds, order, isShort, outside } = this.faults
    const { after, upTo } = ids ?? {}
    const isIn = ({ id, time, archived }: Modified) =>
      !archived &&
      time >= from &&
      time <= to &&
      (after === undefined || filterIds(id, after) > 0) &&
      (upTo === undefined || filterIds(id, upTo) <= 0)
    const all = [...this.records.values()]
    const sorted = all
      .filter(isIn)
      .toSorted(order ?? ((a, b) => (ids ? 0 : a.time - b.time) || sortIds(a.id, b.id)))
    const strangers = all
      .filter(record => !record.archived && !isIn(record))
      .slice(0, Math.min(outside?.() ?? 0, max - 1))
    const whole = sorted.slice(offset, offset + max - strangers.length)
    const page = isShort?.() ? whole.slice(0, Math.ceil(whole.length / 2)) : whole
    const next = offset + page.length
    return {
      total: sorted.length,
      results: [...strangers, ...page].map(({ id, time }) => ({
        id,
        properties: { time: new Date(time).toISOString() },
      })),
      ...(next < sorted.length ? { paging: { next: { after: String(next) } } } : {}),
    }
  }

  /** The records as a source of pages; `answered` gets the server's time. */
  pages(answered: (time: number) => void): PageSource<AnyRecord, CrmRequest> {
    const { before, text } = this.faults
    return {
      origin: 'http://crm',
      fetchPage: async request => {
        before?.(request)
        this.requests.push(request)
        answered(this.now)
        const whole = JSON.stringify(this.answer(request))
        return { body: Readable.from([text?.(whole, request) ?? whole], { objectMode: false }) }
      },
      decoder: page =>
        expressDecoder({ page, path: ['results'], maxLeadBytes: 1e6, maxDepth: 20, rejected: 'emit' }),
      recordOf: ({ value, raw, location }) =>
        value instanceof Rejected || isObject(value)
          ? (value as AnyRecord)
          : new Rejected('not a record', 'not an object', raw ?? '', location),
      async backOff(error, failures) {
        if (failures > 50 || (error as { code?: string }).code !== 'DECODE') throw error
      },
    }
  }
}

function recordOf({ id, time, archived, merged }: Modified): AnyRecord {
  const properties = {
    time: new Date(time).toISOString(),
    ...(merged.length > 0 ? { hs_merged_object_ids: merged.join(';') } : {}),
  }
  return { id, properties, createdAt: '', updatedAt: '', archived }
}
