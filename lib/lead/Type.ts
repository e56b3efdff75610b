import type Typebox from 'typebox'
import type { TSchema, TSchemaOptions } from 'typebox'

/** Marks a schema as typebox does, with properties that do not appear in its JSON. */
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
 * The part of typebox that the schema of a lead needs: the same schemas, with typebox's types. typebox itself is
 * imported for its types only, because its 373 files take longer to load than all the rest of leadpipe.
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

/*
 * A field of a lead has one of three classes, marked by JSON Schema's own annotation:
 *
 *   readOnly: false   the documentation lists it under "Editable or Writable Fields"
 *   readOnly: true    the documentation lists it under "Non-editable (non-writable) Fields"
 *   no readOnly       the documentation's example shows it, but neither list names it
 */
export const editable = { readOnly: false } as const
export const readOnly = { readOnly: true } as const
export const notStated = {} as const

/** Marks a description as leadpipe's own, if the API's documentation has none. */
export const ours = (description: string): string => `${description} (leadpipe's words)`

/*
 * Every field but the guid is optional: the documentation promises none of them, portals with grading
 * disabled leave score and rawScore out, and a missing field must not end an export of millions of leads.
 */
type Options = TSchemaOptions

/** Text; "" when the portal has none. */
export const text = (access: Options, description: string) =>
  Type.Optional(Type.String({ ...access, description }))

/** An integer: an id or a count. */
export const integer = (access: Options, description: string) =>
  Type.Optional(Type.Integer({ ...access, description }))

/** Milliseconds since 1970-01-01 UTC; 0 when it never happened (not null, not absent). */
export const time = (access: Options, description: string) =>
  Type.Optional(
    Type.Integer({ ...access, description: `${description} Milliseconds since 1970; 0 is never.` }),
  )

/** A number that may have a fraction. */
export const decimal = (access: Options, description: string) =>
  Type.Optional(Type.Number({ ...access, description }))

/** True or false. */
export const flag = (access: Options, description: string) =>
  Type.Optional(Type.Boolean({ ...access, description }))
