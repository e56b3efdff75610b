import { leadSchema } from '../lead/Lead.ts'
import { checkOptions, type OptionRules } from '../options/checkOptions.ts'
import { integer } from '../options/optionRule.ts'
import { identifyingDigest } from '../stage/plainJson.ts'
import { Operator } from '../streams/Operator.ts'
import { escaped } from './paths.ts'

/** The options of {@link unknownFields}. */
export interface UnknownFieldsOptions {
  /** The JSON Schema with the known fields. Default: the lead's, `leadSchema`. */
  schema?: object | undefined
  /** The number of unknown fields, 1 to 100,000; one more fails the run with OPERATOR. Default: 1,000. */
  maxFields?: number | undefined
}

/** A field that the schema does not know. */
export interface UnknownField {
  /** Its dotted path; `*` stands for every item of an array. */
  path: string
  /** The type of the first value that was found. */
  type: 'null' | 'boolean' | 'number' | 'string' | 'array' | 'object'
  /** The place of that value, as a JSON Pointer. */
  example: string
  /** The guid of the lead that has it. */
  guid?: string
}

/** What the options accept. */
export const unknownFieldsRules: OptionRules = {
  owner: 'unknownFields()',
  options: {
    schema: { type: 'object', default: leadSchema, expected: 'a JSON Schema (an object)' },
    maxFields: integer({ min: 1, max: 100_000, default: 1_000 }),
  },
}

/** The parts of a JSON Schema that name fields. */
interface Node {
  readonly properties?: Readonly<Record<string, Node>>
  readonly items?: Node
}

/**
 * Emits each field that the schema does not know, once, when a value has it for the first time, in place of the values
 * themselves. It contains the path and the type, but not the person's data.
 *
 * The known fields are those in `properties` and `items`, at every level; other keywords, such as `$ref` and `allOf`, are not followed. What is in
 * an unknown field is not searched, and neither is what the schema describes without `properties` or `items`.
 *
 * @throws {LeadpipeError} OPTION for a wrong option.
 *
 * @example
 * ```ts
 * await run(leads(client), unknownFields(), toFile('unknown.ndjson'))
 * // {"path":"leadConversionEvents.*.isBounced","type":"boolean","example":"/leadConversionEvents/0/isBounced","guid":"8a40…"}
 * ```
 */
export function unknownFields(options?: UnknownFieldsOptions): Operator<unknown, UnknownField> {
  const { schema, maxFields } = checkOptions(options, unknownFieldsRules)
  return new Operator<unknown, UnknownField>([
    {
      name: 'unknownFields',
      options: { schema: schema === leadSchema ? 'lead' : identifyingDigest(schema as object), maxFields },
      create() {
        const paths = new Set<string>()
        return {
          step(value: unknown, emit: (field: UnknownField) => void) {
            const guid = (value as { guid?: unknown } | null)?.guid
            search(value, schema as Node, '', '', (path, found, example) => {
              if (paths.has(path)) return
              if (paths.size === maxFields) {
                throw new RangeError(
                  `there are more than ${maxFields} unknown fields: give a higher { maxFields }`,
                )
              }
              paths.add(path)
              emit({ path, type: typeOf(found), example, ...(typeof guid === 'string' ? { guid } : {}) })
            })
          },
          save: () => [...paths],
          restore(state: unknown) {
            for (const path of state as string[]) paths.add(path)
          },
        }
      },
    },
  ])
}

/** Calls `found` for each unknown field. @param prefix of paths, with its dot @param pointer to the value */
function search(
  value: unknown,
  { properties, items }: Node,
  prefix: string,
  pointer: string,
  found: (path: string, value: unknown, pointer: string) => void,
): void {
  if (typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) {
    if (items === undefined) return
    for (const [index, item] of value.entries())
      search(item, items, `${prefix}*.`, `${pointer}/${index}`, found)
    return
  }
  if (properties === undefined) return
  for (const [name, field] of Object.entries(value)) {
    if (field === undefined) continue
    const place = `${pointer}/${escaped(name)}`
    const node = Object.hasOwn(properties, name) ? properties[name] : undefined
    if (node === undefined) found(`${prefix}${name}`, field, place)
    else search(field, node, `${prefix}${name}.`, place, found)
  }
}

function typeOf(value: unknown): UnknownField['type'] {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  const type = typeof value
  return type === 'boolean' || type === 'number' || type === 'string' ? type : 'object'
}
