import { leadSchema } from '../../lead/Lead.ts'

/** What a field of a lead holds, and whether a client may change it. */
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
 * The fields of a lead by their names. Read-only are those that the documentation lists so; fields that its
 * lists don't name (`email`, `insertedAt`, …) can be changed, or no test could move them.
 */
export const leadFields: ReadonlyMap<string, LeadField> = new Map(
  Object.entries<FieldSchema>(leadSchema.properties).map(([name, schema]) => [
    name,
    { type: schema.type ?? '', isReadOnly: isReadOnly(schema) },
  ]),
)

/** Two names that the documentation spells otherwise than its own example. */
export const documentedSpellings: ReadonlyMap<string, string> = new Map([
  ['firstUrl', 'firstURL'],
  ['LeadNurturingActive', 'leadNurturingActive'],
])

/** An object is read-only when all of its fields are. */
function isReadOnly({ readOnly, properties }: FieldSchema): boolean {
  return readOnly === true || (properties !== undefined && Object.values(properties).every(isReadOnly))
}
