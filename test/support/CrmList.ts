import { Readable } from 'node:stream'
import type { AnyRecord } from '../../lib/crm/CrmRecord.ts'
import { compareIds, idAfter } from '../../lib/crm/recordId.ts'
import { expressDecoder } from '../../lib/decode/expressDecoder.ts'
import { isObject } from '../../lib/decode/parseElement.ts'
import type { CrmPlan, CrmRequest } from '../../lib/paging/crm/CrmRequest.ts'
import { OrderedReader } from '../../lib/sources/OrderedReader.ts'
import type { PageSource } from '../../lib/sources/Page.ts'
import { noCounts } from '../../lib/sources/SourceCounts.ts'
import { Rejected } from '../../lib/stage/Rejected.ts'

/** What a list may do before it answers a request, and to the answer. */
export interface CrmListHooks {
  before?(request: CrmRequest, list: CrmList): void
  /** Changes the text of the answer: cut it off, for example. */
  text?(text: string, request: CrmRequest): string
}

/** A CRM object type in memory, which answers requests as HubSpot does. */
export class CrmList {
  /** In ascending order of ids. */
  records: AnyRecord[]
  /** Records that each associated record has, by the id of the record. */
  associations = new Map<string, string[]>()
  /** Ids of merged records, and the record that answers for each. */
  readonly mergedInto = new Map<string, string>()
  readonly requests: CrmRequest[] = []
  /** The ids of all records so far: none is used again. */
  readonly #used: Set<string>

  constructor(ids: Iterable<string>) {
    this.records = [...new Set(ids)].toSorted(compareIds).map(id => recordWith(id))
    this.#used = new Set(this.ids)
  }

  get ids(): string[] {
    return this.records.map(({ id }) => id)
  }

  /** The number of requests of one kind. */
  count(kind: CrmRequest['kind']): number {
    return this.requests.filter(request => request.kind === kind).length
  }

  /** An id that is greater than those of all records so far, also of those that left. */
  newId(): string {
    return idAfter([...this.#used].toSorted(compareIds).at(-1) ?? '0')
  }

  add(id: string, properties: Record<string, string | null> = {}): void {
    if (this.#used.has(id)) return
    this.#used.add(id)
    this.records = [...this.records, recordWith(id, properties)].toSorted((a, b) => compareIds(a.id, b.id))
  }

  remove(id: string): void {
    this.records = this.records.filter(record => record.id !== id)
  }

  /** Merges two records into a new one. */
  merge(a: string, b: string): string {
    const id = this.newId()
    this.remove(a)
    this.remove(b)
    this.add(id, { hs_merged_object_ids: `${a};${b}` })
    for (const loser of [a, b]) this.mergedInto.set(loser, id)
    return id
  }

  answer(request: CrmRequest): object {
    if (request.kind === 'list') {
      const { after, max, archived } = request
      const all = this.records.filter(
        record => record.archived === archived && (after === undefined || compareIds(record.id, after) >= 0),
      )
      const results = all.slice(0, max)
      const last = results.at(-1)
      return {
        results,
        ...(all.length > max && last ? { paging: { next: { after: idAfter(last.id) } } } : {}),
      }
    }
    if (request.kind === 'records') {
      const found = request.ids.map(id =>
        this.records.find(record => record.id === (this.mergedInto.get(id) ?? id)),
      )
      const results = [...new Set(found.filter(record => record !== undefined))]
      return { status: 'COMPLETE', results }
    }
    if (request.kind === 'search') throw new Error('this list has no search')
    const results = request.inputs.flatMap(({ id, after = '0' }) => {
      const others = this.associations.get(id) ?? []
      const to = others.slice(Number(after), Number(after) + 500).map(Number)
      const next = Number(after) + 500
      if (to.length === 0) return []
      return {
        from: { id },
        to: to.map(toObjectId => ({ toObjectId, associationTypes: [] })),
        ...(next < others.length ? { paging: { next: { after: String(next) } } } : {}),
      }
    })
    return { status: 'COMPLETE', results }
  }

  /** The list as a source of pages. */
  pages({ before, text }: CrmListHooks = {}): PageSource<AnyRecord, CrmRequest> {
    return {
      origin: 'http://crm',
      fetchPage: async request => {
        before?.(request, this)
        this.requests.push(request)
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
        if (failures > 50 || !(error as { retryable?: boolean }).retryable) throw error
      },
    }
  }
}

function recordWith(id: string, properties: Record<string, string | null> = {}): AnyRecord {
  return { id, properties, createdAt: '', updatedAt: '', archived: false }
}

/** Reads a whole list by a plan. */
export async function readAll<Cursor>(
  plan: CrmPlan<Cursor>,
  source: PageSource<AnyRecord, CrmRequest>,
  { width = 4, readAheadBytes = 1e9, stopAfter = Number.POSITIVE_INFINITY } = {},
): Promise<{ values: (AnyRecord | Rejected)[]; ids: string[]; cursors: Cursor[]; dropped: number }> {
  const counts = noCounts()
  const reader = new OrderedReader({ plan, source, width, readAheadBytes, counts })
  const values: (AnyRecord | Rejected)[] = []
  const cursors: Cursor[] = []
  try {
    for (let batch = await reader.next(); batch !== undefined; batch = await reader.next()) {
      for (const { value, cursor } of batch.items) {
        values.push(value)
        cursors.push(cursor)
      }
      if (values.length >= stopAfter) break
    }
  } finally {
    await reader.close()
  }
  const ids = values.map(value => (value instanceof Rejected ? `rejected: ${value.raw}` : value.id))
  return { values, ids, cursors, dropped: counts.dropped }
}
