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
export type CrmRequest = ListRequest | RecordsRequest | AssociationsRequest

export type Element = generic.Element<AnyRecord>
export type EmitElement<Cursor> = generic.EmitElement<AnyRecord, Cursor>
export type CrmPager<Cursor> = generic.Pager<AnyRecord, CrmRequest, Cursor>
export type CrmPlan<Cursor> = generic.Plan<AnyRecord, CrmRequest, Cursor>
