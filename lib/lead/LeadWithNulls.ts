import { type Lead, leadSchema } from './Lead.ts'

/** T, with null or "" in place of every field that may be absent, at every level. */
type WithNulls<T> = {
  [Name in keyof T]: Record<never, never> extends Pick<T, Name> ? Field<T[Name]> | null | '' : T[Name]
}

type Field<V> = V extends readonly (infer Item)[] ? WithNulls<Item>[] : V extends object ? WithNulls<V> : V

/** A lead of a portal that sends null or "" where the documentation shows another value. */
export interface LeadWithNulls extends WithNulls<Lead> {}

/** The part of a JSON Schema that the lead's schema uses. */
interface Node {
  readonly type: string
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Node>>
  readonly items?: Node
}

/** The lead's schema, with null or "" allowed in place of every value except those that are required. */
export const leadSchemaWithNulls = (): object => withNulls(leadSchema as unknown as Node)

function withNulls(schema: Node): object {
  const { required = [], properties, items } = schema
  const fields = Object.entries(properties ?? {}).map(([name, field]) => [
    name,
    required.includes(name) ? field : orNull(withNulls(field) as Node),
  ])
  return {
    ...schema,
    ...(properties === undefined ? {} : { properties: Object.fromEntries(fields) }),
    ...(items === undefined ? {} : { items: withNulls(items) }),
  }
}

/** `maxLength` applies to text only: of all texts, "" is the one allowed beside another type. */
const orNull = (schema: Node): object =>
  schema.type === 'string'
    ? { ...schema, type: ['string', 'null'] }
    : { ...schema, type: [schema.type, 'null', 'string'], maxLength: 0 }
