import { isObject } from '../../leads/isObject.ts'
import { crmRefusal } from '../crmRefusal.ts'
import type { Property } from '../properties/Property.ts'
import { timeOf } from '../properties/values.ts'
import type { Records } from '../records/Records.ts'
import { type Filter, type Operator, operators, type SearchRequest } from './Filter.ts'

const defaultLimit = 10
const maxLimit = 200
/** The last record that a search can reach. */
const reach = 10_000
const maxGroups = 5
const maxFiltersOfGroup = 6
const maxFilters = 18

type Json = Readonly<Record<string, unknown>>

/**
 * Reads the body of a search.
 *
 * @throws Refusal 400 for a wrong one, and for a page beyond 10,000 records.
 */
export function readSearch(body: Json, records: Records): SearchRequest {
  const groups = objectsIn(body, 'filterGroups').map(group => objectsIn(group, 'filters'))
  const filters = groups.flat().length
  if (
    groups.length > maxGroups ||
    filters > maxFilters ||
    groups.some(group => group.length > maxFiltersOfGroup)
  ) {
    const most = `at most ${maxGroups} groups of ${maxFiltersOfGroup} filters, ${maxFilters} in all`
    throw crmRefusal(400, `Invalid filterGroups: expected ${most}`)
  }
  const limit = readWhole(body, 'limit', defaultLimit)
  if (limit > maxLimit) throw crmRefusal(400, `Invalid limit: expected at most ${maxLimit}, got ${limit}`)
  const offset = readWhole(body, 'after', 0)
  if (offset + limit > reach) {
    throw crmRefusal(400, `There was a problem with the request: after + limit must not be above ${reach}`)
  }
  return {
    groups: groups.map(group => group.map(filter => readFilter(filter, records))),
    query: textIn(body, 'query', '').toLowerCase(),
    ...readSort(body, records),
    limit,
    offset,
  }
}

function readFilter(filter: Json, records: Records): Filter {
  const property = propertyIn(records, textIn(filter, 'propertyName', ''))
  const operator = textIn(filter, 'operator', '') as Operator
  const count = Object.hasOwn(operators, operator) ? operators[operator] : undefined
  if (count === undefined) {
    throw crmRefusal(400, `Invalid operator: expected one of ${Object.keys(operators).join(', ')}`)
  }
  const given = count === 'list' ? filter.values : [filter.value, filter.highValue].slice(0, count)
  if (!Array.isArray(given) || (given.length === 0) !== (count === 0)) {
    throw crmRefusal(400, `Invalid filter: ${operator} of ${property.name} expects values`)
  }
  return { property, operator, values: given.map(value => readValue(property, value)) }
}

function readValue(property: Property, value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
    throw crmRefusal(400, `Invalid filter: ${property.name} expects a text, got ${JSON.stringify(value)}`)
  }
  const text = String(value)
  const isWrong =
    (property.column === 'seq' && !/^\d+$/.test(text)) ||
    (property.type === 'datetime' && timeOf(text) === undefined) ||
    (property.type === 'number' && (text.trim() === '' || Number.isNaN(Number(text))))
  if (isWrong) {
    throw crmRefusal(400, `Invalid filter: ${property.name} expects a ${property.type}, got ${value}`)
  }
  return text
}

/** One sort, as an object or only as the name of the property. Without one, records are in the order of creation. */
function readSort(body: Json, records: Records): Pick<SearchRequest, 'sort' | 'descending'> {
  const { sorts = [] } = body
  if (!Array.isArray(sorts) || sorts.length > 1) throw crmRefusal(400, 'Invalid sorts: expected at most one')
  const [sort = 'createdate'] = sorts as readonly unknown[]
  const { propertyName, direction = 'ASCENDING' }: Json = isObject(sort) ? sort : { propertyName: sort }
  if (direction !== 'ASCENDING' && direction !== 'DESCENDING') {
    throw crmRefusal(400, 'Invalid direction: expected ASCENDING or DESCENDING')
  }
  return { sort: propertyIn(records, propertyName), descending: direction === 'DESCENDING' }
}

function propertyIn(records: Records, name: unknown): Property {
  const property = typeof name === 'string' ? records.property(name) : undefined
  if (property !== undefined) return property
  throw crmRefusal(400, `There was a problem with the request: ${records.type.name} have no property ${name}`)
}

function objectsIn(object: Json, name: string): readonly Json[] {
  const objects = object[name] ?? []
  if (Array.isArray(objects) && objects.every(isObject)) return objects
  throw crmRefusal(400, `Invalid input JSON: ${name}: expected an array of objects`)
}

function textIn(object: Json, name: string, missing: string): string {
  const text = object[name] ?? missing
  if (typeof text === 'string') return text
  throw crmRefusal(400, `Invalid input JSON: ${name}: expected a text`)
}

/** A whole number, also as text; "" is a missing one, because clients send it as the first `after`. */
function readWhole(body: Json, name: string, missing: number): number {
  const value = body[name] ?? missing
  const number = value === '' ? missing : Number(value)
  if (Number.isSafeInteger(number) && number >= 0) return number
  throw crmRefusal(400, `Invalid ${name}: expected a whole number, got ${JSON.stringify(value)}`)
}
