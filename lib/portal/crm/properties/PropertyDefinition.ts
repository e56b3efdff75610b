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
