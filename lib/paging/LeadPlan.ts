import type { Lead } from '../lead/Lead.ts'
import type { PageQuery } from '../lead/LeadsQuery.ts'
import { Rejected } from '../stage/Rejected.ts'
import type * as generic from './Pager.ts'

export type Element = generic.Element<Lead>
export type EmitElement<Cursor> = generic.EmitElement<Lead, Cursor>
export type Pager<Cursor> = generic.Pager<Lead, PageQuery, Cursor>
export type Stretch<Cursor> = generic.Stretch<Lead, PageQuery, Cursor>

/** The requested guids for which the server returned no lead. */
export interface Missing {
  /** How many leads are missing. */
  count: number
  /** The first 1,000 of their guids. */
  guids: string[]
}

/** The plan of a list of leads. */
export interface LeadPlan<Cursor = unknown> extends generic.Plan<Lead, PageQuery, Cursor> {
  /** The leads that the server did not return, if leads are requested by guid. */
  readonly missing?: Missing
  /** The same, up to a cursor. */
  missingAt?(cursor: Cursor): Missing
  /** Called with the server's time of the first answer, in milliseconds since 1970. */
  answered?(time: number): void
  /** The query of the whole list, to count it; undefined if the list must be empty. */
  countQuery(): PageQuery | undefined
  /** A cursor as plain JSON. */
  position(cursor: Cursor): object
}

/** The guid of an element; undefined if it has none. */
export function guidOf({ value }: Element): string | undefined {
  if (value instanceof Rejected) return undefined
  return typeof value.guid === 'string' && value.guid !== '' ? value.guid : undefined
}
