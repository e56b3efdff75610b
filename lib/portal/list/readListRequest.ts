import type { Bounds } from '../PortalOptions.ts'
import { Refusal } from '../Refusal.ts'
import { type ListRequest, type TimeBound, timePivots } from './ListRequest.ts'
import { readInteger, readTime, readWord } from './readParameter.ts'
import { sortKeys } from './sortKeys.ts'

/** The rules that the meaning of a query string depends on. */
export interface ListRules {
  readonly startTime: Bounds
  readonly stopTime: Bounds
  /** The stopTime of a request without one: milliseconds since 1970. */
  readonly now: number
}

const defaultPageSize = 10
const maxPageSize = 100
const maxGuids = 100

/**
 * Parses the query string of a list. Names and defaults are those of the API's documentation. Other parameters are
 * ignored, because real clients send some (`portalId`).
 *
 * @throws Refusal 400 for an invalid value, 413 for more than 100 guids.
 */
export function readListRequest(query: URLSearchParams, rules: ListRules): ListRequest {
  const isTrue = (...spellings: string[]): boolean =>
    spellings.some(name => query.getAll(name).includes('true'))
  const pivot = readWord(query, 'timePivot', timePivots) ?? 'insertedAt'
  return {
    search: (query.get('search') ?? '').toLowerCase(),
    // The documentation does not name a default order. In the order of the pivot, a time window is one range of an
    // index.
    sort: readSort(query) ?? pivot,
    descending: readWord(query, 'dir', ['asc', 'desc']) === 'desc',
    max: Math.min(readMax(query) ?? defaultPageSize, maxPageSize),
    // A faulty client is known to send offset=-98.
    offset: Math.max(readInteger(query, 'offset') ?? 0, 0),
    pivot,
    start: readBound(query, 'startTime', rules.startTime),
    stop: readBound(query, 'stopTime', rules.stopTime) ?? { time: rules.now, inclusive: true },
    guids: readGuids(query),
    includeDeleted: isTrue('includeDeleted'),
    // The documented spelling first; real clients send the others.
    optOut: isTrue('optOut', 'optout', 'emailOptOut'),
    eligibleForEmail: isTrue('eligibleForEmail'),
    bounced: isTrue('bounced'),
    isNotImported: isTrue('isNotImported', 'notImported'),
    excludeConversionEvents: isTrue('excludeConversionEvents'),
  }
}

function readMax(query: URLSearchParams): number | undefined {
  const max = readInteger(query, 'max')
  if (max === undefined || max >= 0) return max
  throw new Refusal(400, `Parameter max: expected a whole number from 0 on, got "${max}"`)
}

function readBound(query: URLSearchParams, name: string, bounds: Bounds): TimeBound | undefined {
  const time = readTime(query, name)
  return time === undefined ? undefined : { time, inclusive: bounds === 'inclusive' }
}

function readSort(query: URLSearchParams): string | undefined {
  const name = readWord(query, 'sort', [...sortKeys.keys()])
  return name === undefined ? undefined : sortKeys.get(name)
}

/** `guids[0]=…&guids[1]=…`: URLSearchParams has decoded the brackets, the numbers have no meaning. */
function readGuids(query: URLSearchParams): readonly string[] | undefined {
  const guids = [...query].filter(([name]) => /^guids\[\d+\]$/.test(name)).map(([, guid]) => guid)
  if (guids.length > maxGuids) {
    throw new Refusal(
      413,
      `Request Entity Too Large: expected at most ${maxGuids} guids, got ${guids.length}`,
    )
  }
  return guids.length === 0 ? undefined : guids
}
