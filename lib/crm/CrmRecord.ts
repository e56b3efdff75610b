import { Rejected } from '../stage/Rejected.ts'
import type { CrmValue } from './convertValue.ts'

/** A value that a property had. */
export interface PropertyVersion {
  value: string
  /** The time of the change, in ISO 8601. */
  timestamp: string
  sourceType?: string
  sourceId?: string
  sourceLabel?: string
  updatedByUserId?: number
}

/** The type of an association, as the associations API gives it. */
export interface AssociationType {
  category: string
  typeId: number
  label: string | null
}

/**
 * An association of a record with another one. Those that come with the list have a `type`, such as
 * "contact_to_company", and may occur once for each type. Those that are read by the associations API (of a record with
 * more than 100 of a type, and if records are read by id) have `associationTypes` instead.
 */
export interface Association {
  /** The id of the other record. */
  id: string
  type?: string
  associationTypes?: AssociationType[]
}

/**
 * A record of a CRM object, as the API gives it.
 *
 * @typeParam P the names of the properties
 * @typeParam V the values of the properties; with the option `types`, {@link CrmValue}
 */
export interface CrmRecord<P extends string = string, V = string | null> {
  /** Unique among the records of one type. Decimal digits; it may be too long for a number. */
  id: string
  properties: Record<P, V>
  /** With the option `propertiesWithHistory`: the values that each property had, the newest first. */
  propertiesWithHistory?: Record<string, PropertyVersion[]>
  /** In ISO 8601. */
  createdAt: string
  /** In ISO 8601. */
  updatedAt: string
  /** Whether it is in the recycle bin. */
  archived: boolean
  /** In ISO 8601; present if it is archived. */
  archivedAt?: string
  /** The address of its page in HubSpot. */
  url?: string
  /** With the option `associations`: all of them, by the type of the other record. Absent if there are none. */
  associations?: Record<string, { results: Association[] }>
}

/** A record of any type, however its values are converted. */
export type AnyRecord = CrmRecord<string, CrmValue>

/** A record is an object with an id. */
export const isRecord = (value: unknown): value is AnyRecord =>
  typeof value === 'object' && value !== null && typeof (value as AnyRecord).id === 'string'

/** The id of a record, also of one that was rejected, if its text begins with the id as HubSpot writes it. */
export function idOf(value: AnyRecord | Rejected): string | undefined {
  if (!(value instanceof Rejected)) return value.id
  return /^\s*\{\s*"id"\s*:\s*"(\d{1,100})"/.exec(value.raw)?.[1]
}

/** The ids of the records that were merged into a record, as far as its properties say. */
export function mergedIds({ properties }: AnyRecord): readonly string[] {
  const value = properties?.[mergedIdsProperty]
  return value === null || value === undefined || value === '' ? [] : String(value).split(';')
}

/** The property with the ids of the records that were merged into one. */
export const mergedIdsProperty = 'hs_merged_object_ids'
