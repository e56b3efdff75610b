import { leadSchema } from '../../lead/Lead.ts'

/** The type of a lead's field, and whether a client may change it. */
export interface LeadField {
  readonly type: string
  readonly isReadOnly: boolean
}

interface FieldSchema {
  readonly type?: string
  readonly readOnly?: boolean
  readonly properties?: Readonly<Record<string, FieldSchema>>
}

/**
 * The fields of a lead by their names. The fields that the documentation lists as read-only are read-only. Fields
 * that are not in its lists (`email`, `insertedAt`, …) can be changed: without that, no test could change them.
 */
export const leadFields: ReadonlyMap<string, LeadField> = new Map(
  Object.entries<FieldSchema>(leadSchema.properties).map(([name, schema]) => [
    name,
    { type: schema.type ?? '', isReadOnly: isReadOnly(schema) },
  ]),
)

/** Two names that the documentation spells differently from its own example. */
export const documentedSpellings: ReadonlyMap<string, string> = new Map([
  ['firstUrl', 'firstURL'],
  ['LeadNurturingActive', 'leadNurturingActive'],
])

/** An object is read-only when all of its fields are. */
function isReadOnly({ readOnly, properties }: FieldSchema): boolean {
  return readOnly === true || (properties !== undefined && Object.values(properties).every(isReadOnly))
}
