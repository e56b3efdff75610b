import type { AnyRecord } from '../../crm/CrmRecord.ts'
import type * as generic from '../Pager.ts'

/** A page of the list of an object type. */
export interface ListRequest {
  readonly kind: 'list'
  readonly max: number
  readonly archived: boolean
  /** An id: the page begins with the first record whose id is not less; or the server's cursor. Absent: the beginning. */
  readonly after?: string | undefined
}

/**
 * A page of the records that match a search for the time of their last modification. Of each, only the id and that time
 * are needed.
 */
export interface SearchRequest {
  readonly kind: 'search'
  readonly max: number
  /** The number of matching records before the page. */
  readonly offset: number
  readonly range: SearchRange
}

/** Records that were modified within a range of time, or in one millisecond those with ids in a range. */
export interface SearchRange {
  /** The first and the last time, in milliseconds since 1970. `to` may be infinite. */
  readonly from: number
  readonly to: number
  /** Present if the range is one millisecond, and is read in the order of ids. */
  readonly ids?: {
    /** Only ids that are greater. Default: all. */
    readonly after?: string | undefined
    /** Only ids that are not greater. Default: all. */
    readonly upTo?: string | undefined
  }
}

/** Records by their ids. */
export interface RecordsRequest {
  readonly kind: 'records'
  readonly max: number
  readonly archived: boolean
  readonly ids: readonly string[]
}

/** The associations of records with those of another type. */
export interface AssociationsRequest {
  readonly kind: 'associations'
  readonly max: number
  readonly to: string
  readonly inputs: readonly { readonly id: string; readonly after?: string }[]
}

/** A request for CRM records, or for a part of them. */
export type CrmRequest = ListRequest | SearchRequest | RecordsRequest | AssociationsRequest

export type Element = generic.Element<AnyRecord>
export type EmitElement<Cursor> = generic.EmitElement<AnyRecord, Cursor>
export type CrmPager<Cursor> = generic.Pager<AnyRecord, CrmRequest, Cursor>
export interface CrmPlan<Cursor> extends generic.Plan<AnyRecord, CrmRequest, Cursor> {
  /** Called with the server's time of the first answer, in milliseconds since 1970. */
  answered?(time: number): void
}
