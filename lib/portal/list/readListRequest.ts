import type { Bounds } from '../PortalOptions.ts'
import { Refusal } from '../Refusal.ts'
import { type ListRequest, type TimeBound, timePivots } from './ListRequest.ts'
import { readInteger, readTime, readWord } from './readParameter.ts'
import { sortKeys } from './sortKeys.ts'

/** What the meaning of a query string depends on besides itself. */
export interface ListRules {
  readonly startTime: Bounds
  readonly stopTime: Bounds
  /** The stopTime of a request that gives none: milliseconds since 1970. */
  readonly now: number
}

const defaultPageSize = 10
const maxPageSize = 100
const maxGuids = 100

/**
 * Reads the query string of a list. Names and defaults are those of the API's documentation; parameters that
 * it does not name are ignored, because real clients send such (`portalId`).
 *
 * @throws Refusal 400 for a value that makes no sense, 413 for more than 100 guids.
 */
export function readListRequest(query: URLSearchParams, rules: ListRules): ListRequest {
  const isTrue = (...spellings: string[]): boolean =>
    spellings.some(name => query.getAll(name).includes('true'))
  const pivot = readWord(query, 'timePivot', timePivots) ?? 'insertedAt'
  return {
    search: (query.get('search') ?? '').toLowerCase(),
    // The documentation names no default order. In the pivot's, a time window is one stretch of an index.
    sort: readSort(query) ?? pivot,
    descending: readWord(query, 'dir', ['asc', 'desc']) === 'desc',
    max: Math.min(readMax(query) ?? defaultPageSize, maxPageSize),
    // A buggy client is known to send offset=-98.
    offset: Math.max(readInteger(query, 'offset') ?? 0, 0),
    pivot,
    start: readBound(query, 'startTime', rules.startTime),
    stop: readBound(query, 'stopTime', rules.stopTime) ?? { time: rules.now, inclusive: true },
    guids: readGuids(query),
    includeDeleted: isTrue('includeDeleted'),
    // The documented spelling first; the others are what real clients send.
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

/** `guids[0]=…&guids[1]=…`: URLSearchParams has decoded the brackets, the numbers mean nothing. */
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
