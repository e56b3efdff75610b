import type { ListRequest, TimeBound } from '../list/ListRequest.ts'
import type { Value } from './leadRow.ts'
import { textColumns, timeColumns } from './schema.ts'

/** The index that a query reads: of the requested guids, of the time pivot, or of the sort key. */
export type Route = 'guids' | 'pivot' | 'sort'

/** SQL, and the values of its question marks. */
export interface Query {
  readonly sql: string
  readonly values: readonly Value[]
}

const sortColumns: readonly string[] = [...textColumns, ...timeColumns]

/** The sort attribute of a request, if the narrow table does not hold it. */
export function attributeOf({ sort }: ListRequest): string | undefined {
  return sortColumns.includes(sort) ? undefined : sort
}

/**
 * The query for the `seq` of each lead on a page, in the page's order.
 *
 * SQLite's planner can't know how many leads a time window or a filter holds, and assumes that every equation
 * matches few rows. So the query names its index: it would fail instead of silently reading a million rows.
 *
 * @param tieFactor 1 to leave leads of equal value in the order of insertion; other whole numbers below {@link
 * tiePrime} put them into a different order, at the cost of sorting each group.
 */
export function pageQuery(request: ListRequest, route: Route, tieFactor = 1): Query {
  const conditions = conditionsOf(request)
  const attribute = attributeOf(request)
  const column = attribute === undefined ? `lead.${request.sort}` : `body."${attribute}"`
  const seq = attribute !== undefined && route === 'sort' ? 'body.seq' : 'lead.seq'
  // Descending reverses the ties as well, so that one index serves both directions.
  const direction = request.descending ? 'DESC' : 'ASC'
  return {
    sql: [
      `SELECT ${seq} FROM ${tablesOf(request, route)}`,
      `WHERE ${conditions.map(({ sql }) => sql).join(' AND ')}`,
      `ORDER BY ${column} ${direction}, ${tieOrder(seq, tieFactor)} ${direction} LIMIT ? OFFSET ?`,
    ].join(' '),
    values: [...conditions.flatMap(({ values }) => values), request.max, request.offset],
  }
}

/** More than twice any `seq`: different ones, multiplied and squared modulo this prime, stay different. */
export const tiePrime = 2_147_483_647

/** The order of `seq`, or another one of the same numbers that depends on the factor. */
export function tieOrder(seq: string, factor: number): string {
  const scattered = `(${seq} * ${factor} % ${tiePrime})`
  // Squared, because multiples alone give few orders, and each looks like the others.
  return factor === 1 ? seq : `${scattered} * ${scattered} % ${tiePrime}`
}

/** The query for `seq` and JSON text of the leads with these `seq`, in any order. */
export function textQuery(excludeConversionEvents: boolean, seqs: readonly number[]): Query {
  const text = excludeConversionEvents ? 'withoutEvents' : 'withEvents'
  // As bytes: they are sent as they are, without a conversion to JavaScript strings.
  const sql = `SELECT seq, CAST(${text} AS BLOB) FROM body WHERE seq IN (SELECT value FROM json_each(?))`
  return { sql, values: [JSON.stringify(seqs)] }
}

/** The query that counts the leads in the request's time window, up to `max`. */
export function windowQuery(request: ListRequest, max: number): Query {
  const window = windowOf(request)
  const sql = `SELECT count(*) FROM (SELECT 1 FROM lead INDEXED BY lead_by_${request.pivot} WHERE ${window.sql} LIMIT ?)`
  return { sql, values: [...window.values, max] }
}

/** SQLite keeps the table order of a CROSS JOIN. */
function tablesOf(request: ListRequest, route: Route): string {
  const attribute = attributeOf(request)
  if (attribute !== undefined && route === 'sort') {
    return `body INDEXED BY body_by_${attribute} CROSS JOIN lead ON lead.seq = body.seq`
  }
  const index = { guids: 'guid', pivot: request.pivot, sort: request.sort }[route]
  const lead = `lead INDEXED BY lead_by_${index}`
  return attribute === undefined ? lead : `${lead} CROSS JOIN body ON body.seq = lead.seq`
}

function conditionsOf(request: ListRequest): Query[] {
  const conditions = [windowOf(request)]
  const where = (sql: string, ...values: Value[]) => conditions.push({ sql, values })
  if (!request.includeDeleted) where('lead.isDeleted = 0')
  if (request.optOut) where('lead.emailOptOut = 1')
  if (request.eligibleForEmail) where('lead.eligibleForEmail = 1')
  if (request.bounced) where('lead.emailBounced = 1')
  if (request.isNotImported) where('lead.imported = 0')
  if (request.search !== '') where('instr(lead.search, ?) > 0', Buffer.from(request.search))
  if (request.guids !== undefined) {
    where('lead.guid IN (SELECT value FROM json_each(?))', JSON.stringify(request.guids))
  }
  return conditions
}

function windowOf({ pivot, start, stop }: ListRequest): Query {
  const conditions = [boundOf(pivot, '<', stop)]
  if (start !== undefined) conditions.push(boundOf(pivot, '>', start))
  return {
    sql: conditions.map(({ sql }) => sql).join(' AND '),
    values: conditions.flatMap(({ values }) => values),
  }
}

function boundOf(pivot: string, comparison: string, { time, inclusive }: TimeBound): Query {
  return { sql: `lead.${pivot} ${comparison}${inclusive ? '=' : ''} ?`, values: [time] }
}
