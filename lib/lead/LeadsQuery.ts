import { checkRange, milliseconds } from '../options/milliseconds.ts'
import { choice, integer, type OptionRule } from '../options/optionRule.ts'
import { maxPageSize, type TimePivot, timePivots } from './apiQuirks.ts'

/** A point in time: milliseconds since 1970-01-01 UTC, or a Date. */
export type Time = number | Date

/**
 * The Leads API's own parameters, in the API's spelling. The access token is not among them: it belongs to the client.
 * For every flag, `false` means "all leads", not "the others", as the documentation says.
 */
export interface LeadsQuery {
  /** Part of a first name, last name, email address or company name. Default: "", which matches every lead. */
  search?: string | undefined
  /**
   * The lead attribute to sort by, for example "lastName", "email", "insertedAt", "fce.convertDate" (first
   * conversion) or "lce.convertDate" (last conversion). Default: the server's own order.
   */
  sort?: string | undefined
  /** Direction of the sort. Default: the server's. */
  dir?: 'asc' | 'desc' | undefined
  /** Leads per page, 1 to 100. For the total number of leads, see the option `limit`. Default: 100. */
  max?: number | undefined
  /** How many leads to skip at the beginning of the list, 0 or more. Default: 0. */
  offset?: number | undefined
  /** Only leads whose time pivot is after this time. Default: none. */
  startTime?: Time | undefined
  /** Only leads whose time pivot is not after this time. Default: the server's current time. */
  stopTime?: Time | undefined
  /** The field that startTime and stopTime apply to. Default: "insertedAt", sent only with a time bound. */
  timePivot?: TimePivot | undefined
  /** True returns every lead with empty leadConversionEvents, which is faster. Default: false. */
  excludeConversionEvents?: boolean | undefined
  /** True for only leads that have unsubscribed from lead nurturing. Default: false, which means all. */
  optOut?: boolean | undefined
  /** True for only leads eligible for email marketing. Default: false, which means all. */
  eligibleForEmail?: boolean | undefined
  /** True for only leads whose email bounced. Default: false, which means all. */
  bounced?: boolean | undefined
  /** True for only web leads. Default: false, which means imported and web leads. */
  isNotImported?: boolean | undefined
  /** True to include leads that have been deleted. Default: false. */
  includeDeleted?: boolean | undefined
  /**
   * Only the leads with these guids: an array, or an iterable or async iterable of any length. They are requested 100
   * at a time (the API answers more with 413). A guid that occurs several times is requested once: for that, all
   * guids are kept in memory, about 100 bytes each. Default: all leads.
   */
  guids?: Iterable<string> | AsyncIterable<string> | undefined
}

/** The parameters of one request: those of a query, with only the guids of that request. */
export type PageQuery = Omit<LeadsQuery, 'guids'> & { guids?: readonly string[] | undefined }

/** Half a surrogate pair has no UTF-8 encoding, so it can't be sent in a URL. */
const wellFormed = { type: 'string', pattern: '^\\P{Surrogate}*$' } as const
const flag = { type: 'boolean', expected: 'true or false' } as const
const time = {
  anyOf: [{ type: 'integer', minimum: 0 }, { instanceOf: 'Date' }],
  expected: 'milliseconds since 1970 (an integer, 0 or more) or a Date',
} as const

/** What each parameter accepts, in the documentation's order. */
export const queryRules = {
  search: { ...wellFormed, expected: 'a string of well-formed Unicode' },
  sort: {
    type: 'string',
    pattern: '^[A-Za-z][A-Za-z0-9_.]*$',
    expected: 'the name of a lead attribute, for example "lastModifiedAt"',
  },
  dir: choice('asc', 'desc'),
  max: integer({ min: 1, max: maxPageSize, unit: 'leads a page' }),
  offset: integer({ min: 0 }),
  startTime: time,
  stopTime: time,
  timePivot: { enum: timePivots, expected: `one of ${timePivots.join(', ')}` },
  excludeConversionEvents: flag,
  optOut: flag,
  eligibleForEmail: flag,
  bounced: flag,
  isNotImported: flag,
  includeDeleted: flag,
  guids: {
    anyOf: [{ type: 'array', minItems: 1, items: { ...wellFormed, minLength: 1 } }, { iterable: true }],
    expected: 'guids, as an array that is not empty, or as an iterable or async iterable of strings',
  },
} as const satisfies Readonly<Record<keyof LeadsQuery, OptionRule>>

/** Hints for other spellings of a parameter. */
export const misspelledParameters = {
  optout: 'the documented spelling is optOut',
  emailOptOut: 'the documented spelling is optOut',
  notImported: 'the documented spelling is isNotImported',
}

/** The names of the parameters, in the documentation's order. */
export const queryParameters = Object.keys(queryRules) as readonly (keyof LeadsQuery)[]

/**
 * Completes a query whose parameters are checked one by one: times become milliseconds, and a time bound gets a time
 * pivot (sources differ on the server's default pivot, so it is always sent).
 *
 * @throws {LeadpipeError} OPTION for times that are not possible.
 */
export function completeQuery(given: LeadsQuery): LeadsQuery {
  const query: LeadsQuery = { ...given }
  for (const name of ['startTime', 'stopTime'] as const) {
    if (query[name] !== undefined) query[name] = milliseconds(owner, name, query[name])
  }
  if (query.startTime !== undefined || query.stopTime !== undefined) query.timePivot ??= 'insertedAt'
  const times = [query.startTime, query.stopTime].map(time => (time === undefined ? undefined : Number(time)))
  checkRange(owner, ['startTime', times[0]], ['stopTime', times[1]])
  return query
}

const owner = 'leads()'

/**
 * Serialises a checked query, without a leading "?" or "&": parameters in the documentation's order and spelling,
 * booleans as true and false, times as milliseconds, guids indexed from 0 with raw brackets.
 */
export function serializeQuery(query: PageQuery): string {
  const pairs: string[] = []
  for (const name of queryParameters) {
    const value = query[name]
    if (value === undefined) continue
    if (name === 'guids') {
      query.guids?.forEach((guid, index) => {
        pairs.push(`guids[${index}]=${encodeURIComponent(guid)}`)
      })
    } else {
      pairs.push(`${name}=${encodeURIComponent(String(value))}`)
    }
  }
  return pairs.join('&')
}
