import type { OptionRule } from '../options/optionRule.ts'

/** Where reading by id resumes: after one record. */
export interface IdPosition {
  paging: 'id'
  /** Records delivered before, so that `limit` counts across restarts. */
  records: number
  /** Present if the archived records are being read. */
  archived?: true
  /** The id of the last record; absent before the first. */
  id?: string
  /** How many elements without an id that can be read were delivered since that record. */
  withoutId?: number
}

/** Where reading by the server's cursor resumes: inside of a page. */
export interface CursorPosition {
  paging: 'cursor'
  /** Records delivered before, so that `limit` counts across restarts. */
  records: number
  /** Present if the archived records are being read. */
  archived?: true
  /** The cursor of the page; absent for the first one. */
  cursor?: string
  /**
   * The ids of the elements from there on that were delivered, in the order of the list; for one without an id, a hash of
   * its content. One page, as a rule; 200 at most.
   */
  ids: readonly string[]
}

/** Where reading by the time of the last modification resumes: after one record. */
export interface SearchPosition {
  paging: 'search'
  /** Records delivered before, so that `limit` counts across restarts. */
  records: number
  /** The list excludes this time, in milliseconds since 1970; absent if it has no such bound. */
  modifiedAfter?: number
  /** The list includes this time; absent until the server's time is known. */
  modifiedBefore?: number
  /** The time of the last record's modification; absent before the first. */
  time?: number
  /** The id of that record. */
  id?: string
}

/** Where a source of CRM records resumes, as plain JSON: the value of `source.position`, for the option `from`. */
export type CrmPosition = IdPosition | CursorPosition | SearchPosition

/** The most ids in a position of a list that is read by the server's cursor. */
export const maxPageIds = 200

const count = { type: 'integer', minimum: 0 } as const
const time = { type: 'integer', maximum: 8_640_000_000_000_000 } as const
const id = { type: 'string', pattern: '^(0|[1-9]\\d*)$' } as const
const text = { type: 'string' } as const
const texts = { type: 'array', maxItems: maxPageIds, items: text } as const
const kind = (paging: string, properties: object, required: string[] = []) => ({
  type: 'object',
  required: ['paging', 'records', ...required],
  properties: { paging: { const: paging }, records: count, archived: { const: true }, ...properties },
  additionalProperties: false,
})

/** What the option `from` accepts. */
export const crmPositionRule: OptionRule = {
  anyOf: [
    kind('id', { id, withoutId: count }),
    kind('cursor', { cursor: { ...text, minLength: 1 }, ids: texts }, ['ids']),
    kind('search', { modifiedAfter: time, modifiedBefore: time, time, id }),
  ],
  expected: 'the value of `position` of an earlier source',
}
