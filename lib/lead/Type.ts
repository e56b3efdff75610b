import type Typebox from 'typebox'
import type { TSchema } from 'typebox'

/** Marks a schema as typebox does, without a trace in its JSON. */
function mark<T extends object>(schema: T, marks: Readonly<Record<string, unknown>>): T {
  for (const [name, value] of Object.entries(marks)) Object.defineProperty(schema, name, { value })
  return schema
}

const isOptional = (schema: TSchema) => '~optional' in schema

const simple = (kind: string) => (options?: object) =>
  mark({ type: kind.toLowerCase(), ...options }, { '~kind': kind })

function object(properties: Readonly<Record<string, TSchema>>, options?: object): object {
  const required = Object.keys(properties).filter(name => !isOptional(properties[name] as TSchema))
  const fields = { type: 'object', ...(required.length === 0 ? {} : { required }), properties, ...options }
  return mark(fields, { '~kind': 'Object' })
}

const array = (items: TSchema, options?: object) =>
  mark({ type: 'array', items, ...options }, { '~kind': 'Array' })

const optional = (schema: TSchema & { '~kind'?: string }) =>
  mark({ ...schema }, { '~kind': schema['~kind'], '~optional': true })

/**
 * Of typebox what the schema of a lead is made of: the same schemas, with typebox's types. typebox itself is imported
 * for its types only, since its 373 files take longer to load than all the rest of leadpipe.
 */
export const Type = {
  Array: array,
  Boolean: simple('Boolean'),
  Integer: simple('Integer'),
  Number: simple('Number'),
  Object: object,
  Optional: optional,
  String: simple('String'),
} as unknown as Pick<
  typeof Typebox,
  'Array' | 'Boolean' | 'Integer' | 'Number' | 'Object' | 'Optional' | 'String'
>
