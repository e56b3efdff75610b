import type { Lead } from '../lead/Lead.ts'
import type { PageQuery } from '../lead/LeadsQuery.ts'
import { Rejected } from '../stage/Rejected.ts'
import type * as generic from './Pager.ts'

export type Element = generic.Element<Lead>
export type EmitElement<Cursor> = generic.EmitElement<Lead, Cursor>
export type Pager<Cursor> = generic.Pager<Lead, PageQuery, Cursor>
export type Stretch<Cursor> = generic.Stretch<Lead, PageQuery, Cursor>

/** What became of the guids that were asked for. */
export interface Missing {
  /** How many did not come. */
  count: number
  /** The first 1,000 of them. */
  guids: string[]
}

/** How a list of leads is read, and where. */
export interface LeadPlan<Cursor = unknown> extends generic.Plan<Lead, PageQuery, Cursor> {
  /** What did not come, if leads are asked for by guid. */
  readonly missing?: Missing
  /** The same, up to a cursor. */
  missingAt?(cursor: Cursor): Missing
  /** Receives the server's time, from the first answer: milliseconds since 1970. */
  answered?(time: number): void
  /** The query of the whole list, to count it; undefined when nothing can be in it. */
  counting(): PageQuery | undefined
  /** A cursor as plain JSON. */
  position(cursor: Cursor): object
}

/** The guid of an element that has one. */
export function guidOf({ value }: Element): string | undefined {
  if (value instanceof Rejected) return undefined
  return typeof value.guid === 'string' && value.guid !== '' ? value.guid : undefined
}
