import type { JsonLead } from '../../store/Store.ts'
import type { PropertyDefinition, propertyTypes } from './PropertyDefinition.ts'
import { isoTime } from './values.ts'

/** A record as it is stored. */
export interface StoredRecord {
  readonly id: string
  /** Milliseconds since 1970, like the two other times. */
  readonly createdAt: number
  readonly updatedAt: number
  /** Undefined unless the record is archived. */
  readonly archivedAt: number | undefined
  /** The lead of a contact; the properties of any other record. */
  readonly source: JsonLead
}

/** A property of a type: its definition, and how its value follows from what is stored. */
export interface Property extends PropertyDefinition {
  readonly type: (typeof propertyTypes)[number]
  readonly of: (record: StoredRecord) => string | null
  /** The column by which a search finds it. */
  readonly column?: 'insertedAt' | 'lastModifiedAt' | 'seq'
  /** The fields of the stored object that make up this value; undefined for a property that nobody can change. */
  readonly change?: (value: string | null) => JsonLead
  /** Whether its value follows from a lead's conversion events. */
  readonly needsEvents?: true
  /** Whether HubSpot defined it. */
  readonly isCustom?: true
}

/** A property with a name of its own in the stored object, of records that are not contacts. */
export function plainProperty(definition: PropertyDefinition): Property {
  const { name, type = 'string' } = definition
  return {
    ...definition,
    type,
    of: ({ source }) => (typeof source[name] === 'string' ? source[name] : null),
    change: value => ({ [name]: value }),
  }
}

/** The properties that each record has: its id, and its two times. */
export function recordProperties(created: readonly string[], modified: string): Property[] {
  return [
    ...created.map(
      (name): Property => ({
        name,
        type: 'datetime',
        column: 'insertedAt',
        of: record => isoTime(record.createdAt),
      }),
    ),
    { name: modified, type: 'datetime', column: 'lastModifiedAt', of: record => isoTime(record.updatedAt) },
    { name: 'hs_object_id', type: 'number', column: 'seq', of: record => record.id },
  ]
}
