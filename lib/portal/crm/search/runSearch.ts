import type { Value } from '../../store/leadRow.ts'
import { type Query, tieOrder } from '../../store/pageQuery.ts'
import type { Property, StoredRecord } from '../properties/Property.ts'
import type { Records } from '../records/Records.ts'
import { conditionOf } from './conditionOf.ts'
import type { Filter, SearchRequest } from './Filter.ts'
import { compareValues, matches } from './matches.ts'

/** How the search index differs from the records. */
export interface Index {
  /** Records that were modified after this time are not in it. */
  readonly newest: number | undefined
  /** Whether it ignores the sort of a request. */
  readonly isUnsorted: boolean
}

/** The records of a page in its order, and the number of all that match. */
export interface Found {
  readonly seqs: readonly number[]
  readonly total: number
}

/** Any large number: an order that has nothing to do with the one that was asked for. */
const unsortedFactor = 1_103_515_245

/** Number of records that are read at a time if a filter needs more than the columns. */
const turn = 1_000

/** Finds records. Archived ones are never found. */
export function runSearch(records: Records, request: SearchRequest, index: Index): Found {
  const candidates = candidatesOf(records, request, index)
  const { limit, offset } = request
  if (candidates.isExact && (index.isUnsorted || request.sort.column !== undefined)) {
    const { from, where, values } = candidates
    const [count] = records.rows<[number]>(`SELECT count(*) FROM ${from} WHERE ${where}`, ...values)
    const page = `${orderOf(request, index)} LIMIT ? OFFSET ?`
    const sql = `SELECT seq FROM ${from} WHERE ${where} ${page}`
    const seqs = records.rows<[number]>(sql, ...values, limit, offset).map(([seq]) => seq)
    return { seqs, total: count?.[0] ?? 0 }
  }
  const seqs = filtered(records, request, index, candidates)
  return { seqs: seqs.slice(offset, offset + limit), total: seqs.length }
}

/** Records that the columns show not to match: up to this number of them. */
export function outsideOf(records: Records, request: SearchRequest, most: number): readonly number[] {
  const { where, values } = candidatesOf(records, request, { newest: undefined, isUnsorted: false })
  const sql = `SELECT seq FROM ${records.table} WHERE isDeleted = 0 AND NOT (${where}) LIMIT ?`
  return records.rows<[number]>(sql, ...values, most).map(([seq]) => seq)
}

interface Candidates {
  /** The table, and the index that is read. */
  readonly from: string
  readonly where: string
  readonly values: readonly Value[]
  /** Whether every candidate matches. */
  readonly isExact: boolean
}

function candidatesOf(records: Records, request: SearchRequest, { newest }: Index): Candidates {
  const groups = request.groups.map(filters => filters.map(filter => conditionOf(filter, records)))
  const isExact = request.query === '' && groups.flat().every(condition => condition !== undefined)
  const conditions: Query[] = [{ sql: 'isDeleted = 0', values: [] }]
  if (newest !== undefined) conditions.push({ sql: 'lastModifiedAt <= ?', values: [newest] })
  if (groups.length > 0)
    conditions.push(
      joined(
        groups.map(group => joined(group, 'AND')),
        'OR',
      ),
    )
  const { sql, values } = joined(conditions, 'AND')
  return { from: `${records.table} ${indexOf(records, request)}`, where: sql, values, isExact }
}

function joined(conditions: readonly (Query | undefined)[], word: 'AND' | 'OR'): Query {
  const known = conditions.filter(condition => condition !== undefined)
  if (known.length === 0) return { sql: '1', values: [] }
  return {
    sql: `(${known.map(({ sql }) => sql).join(` ${word} `)})`,
    values: known.flatMap(({ values }) => values),
  }
}

/**
 * SQLite can't know how many records a window holds: the index of a window is named, else that of the sort. Both
 * hold every column that a search reads.
 */
function indexOf(records: Records, { groups, sort }: SearchRequest): string {
  const [only = [], ...others] = groups
  const window = others.length === 0 ? only.map(({ property }) => property.column).find(isTime) : undefined
  const column = window ?? (isTime(sort.column) ? sort.column : undefined)
  return column === undefined ? 'NOT INDEXED' : `INDEXED BY ${records.table}_by_${column}`
}

const isTime = (column: Property['column']): boolean => column === 'insertedAt' || column === 'lastModifiedAt'

function orderOf({ sort, descending }: SearchRequest, { isUnsorted }: Index): string {
  if (isUnsorted) return `ORDER BY ${tieOrder('seq', unsortedFactor)}`
  const direction = descending ? 'DESC' : 'ASC'
  const columns = [...new Set([sort.column ?? 'seq', 'seq'])]
  return `ORDER BY ${columns.map(column => `${column} ${direction}`).join(', ')}`
}

/** The candidates that match, sorted: for filters and sorts that the columns do not suffice for. */
function filtered(records: Records, request: SearchRequest, index: Index, candidates: Candidates): number[] {
  const { from, where, values } = candidates
  const sql = `SELECT seq FROM ${from} WHERE ${where} ${orderOf(request, index)}`
  const seqs = records.rows<[number]>(sql, ...values).map(([seq]) => seq)
  const { sort, descending, groups } = request
  const found: { seq: number; value: string | null }[] = []
  const withEvents = [sort, ...groups.flat().map(({ property }) => property)].some(
    ({ needsEvents }) => needsEvents,
  )
  for (let start = 0; start < seqs.length; start += turn) {
    for (const record of records.read(seqs.slice(start, start + turn), withEvents)) {
      if (!isMatch(request, records, record)) continue
      found.push({ seq: records.seqOf(record.id) as number, value: sort.of(record) })
    }
  }
  if (sort.column === undefined && !index.isUnsorted) {
    const sign = descending ? -1 : 1
    found.sort((a, b) => {
      // Records without a value come last, in both directions.
      if (a.value === null || b.value === null) return Number(a.value === null) - Number(b.value === null)
      return sign * compareValues(sort, a.value, b.value)
    })
  }
  return found.map(({ seq }) => seq)
}

function isMatch({ groups, query }: SearchRequest, records: Records, record: StoredRecord): boolean {
  const inGroup = (filters: readonly Filter[]): boolean => filters.every(filter => matches(filter, record))
  if (groups.length > 0 && !groups.some(inGroup)) return false
  return (
    query === '' ||
    records.type.defaultProperties.some(name =>
      records.property(name)?.of(record)?.toLowerCase().includes(query),
    )
  )
}
