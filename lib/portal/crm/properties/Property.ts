import type { JsonLead } from '../../store/Store.ts'
import { isoTime } from './values.ts'

/** The types that HubSpot's properties have. */
export const propertyTypes = [
  'bool',
  'date',
  'datetime',
  'enumeration',
  'number',
  'string',
  'phone_number',
  'object_coordinates',
  'json',
] as const

/** A custom property, as it is given to `createPortal`. */
export interface PropertyDefinition {
  /** Lower-case letters, digits and `_`, at most 100; the first is a letter. Required. */
  readonly name: string
  /** Default: `string`. */
  readonly type?: (typeof propertyTypes)[number] | undefined
  /** What people read. Default: the name. */
  readonly label?: string | undefined
  /** The values of an enumeration. Default: none. */
  readonly options?: readonly string[] | undefined
  /** Whether the portal calculates it, so that it changes without a change of the record. Default: false. */
  readonly calculated?: boolean | undefined
  /** Whether no two records have the same value; batch reads accept it as `idProperty`. Default: false. */
  readonly hasUniqueValue?: boolean | undefined
  /** Sensitive properties are listed only if they are asked for. Default: `non_sensitive`. */
  readonly dataSensitivity?: 'non_sensitive' | 'sensitive' | 'highly_sensitive' | undefined
}

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
