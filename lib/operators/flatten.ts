import { checkOptions, type OptionRules } from '../options/checkOptions.ts'
import { choice, withDefault } from '../options/optionRule.ts'
import { Operator } from '../streams/Operator.ts'
import type { Missing, Present } from './paths.ts'

/** The options of {@link flatten}. */
export interface FlattenOptions<
  S extends string = string,
  A extends 'keep' | 'join' | 'index' = 'keep' | 'join' | 'index',
> {
  /** What joins the names of a field and of those around it, 1 to 10 characters. Default: '.'. */
  separator?: S | undefined
  /**
   * What becomes of an array: 'keep' leaves it as it is; 'join' makes one text of its items, joined by ";"; 'index' makes a field of
   * each item, with its index, from 0, as part of the name. Default: 'keep'.
   */
  arrays?: A | undefined
}

/** What the options accept. */
export const flattenRules: OptionRules = {
  owner: 'flatten()',
  options: {
    separator: {
      type: 'string',
      minLength: 1,
      maxLength: 10,
      default: '.',
      expected: 'a text of 1 to 10 characters',
    },
    arrays: withDefault('keep', choice('keep', 'join', 'index')),
  },
}

/** The names of the fields that `flatten` makes of T. */
type FlatName<T, S extends string> = {
  [K in keyof T & string]: IsNested<Present<T[K]>> extends true ? `${K}${S}${FlatName<Present<T[K]>, S>}` : K
}[keyof T & string]

type IsNested<T> = [T] extends [readonly unknown[] | Date | ((...given: never) => unknown)]
  ? false
  : [T] extends [object]
    ? true
    : false

type FlatValue<T, N extends string, S extends string, A> = N extends keyof T
  ? Present<T[N]> extends readonly unknown[]
    ? A extends 'join'
      ? string | Exclude<T[N], readonly unknown[]>
      : T[N]
    : T[N]
  : N extends `${infer Head}${S}${infer Below}`
    ? Head extends keyof T
      ? FlatValue<Present<T[Head]>, Below, S, A> | Missing<T[Head]>
      : unknown
    : unknown

/** The type of the records that `flatten` makes of T. With `arrays: 'index'`, the names depend on the data. */
export type Flattened<T, S extends string, A> = unknown extends T
  ? Record<string, unknown>
  : A extends 'index'
    ? Record<string, unknown>
    : {
        [N in FlatName<T, S> as undefined extends FlatValue<T, N, S, A> ? never : N]: FlatValue<T, N, S, A>
      } & {
        [N in FlatName<T, S> as undefined extends FlatValue<T, N, S, A> ? N : never]?: FlatValue<T, N, S, A>
      }

/**
 * Makes a flat record of each value: the fields of nested objects become fields of the record, named by their path, such as
 * `crmDetails.status`. Their order stays.
 *
 * Null and other values stay as they are, and so do a Date and an object of another class. An empty object stays, and with
 * 'index' an empty array, so that nothing disappears. In a text that 'join' makes, null and a missing item are empty, and an
 * object or an array is its JSON; an array without items is the empty text.
 *
 * Two fields that get the same name, as in `{ 'a.b': 1, a: { b: 2 } }`, are refused with OPERATOR, because one would be
 * lost; and so is a value that is not an object, or nested deeper than 1,000 levels.
 *
 * @throws {LeadpipeError} OPTION for a wrong option.
 *
 * @example
 * ```ts
 * flatten({ separator: '_', arrays: 'join' })
 * ```
 */
export function flatten<T, const S extends string = '.', const A extends 'keep' | 'join' | 'index' = 'keep'>(
  options?: FlattenOptions<S, A>,
): Operator<T, Flattened<T, S, A>>
export function flatten(given?: FlattenOptions): Operator<unknown, unknown> {
  const { separator, arrays } = checkOptions(given, flattenRules) as Required<FlattenOptions>
  return new Operator<unknown, unknown>([
    {
      name: 'flatten',
      stateless: true,
      options: { separator, arrays },
      create: () => ({
        step(value: unknown, emit: (value: unknown) => void) {
          if (!isNested(value, 'keep')) throw new TypeError(`expected an object, received ${kindOf(value)}`)
          const fields = new Map<string, unknown>()
          addFields(fields, value, '', 0)
          emit(Object.fromEntries(fields))
        },
      }),
    },
  ])

  function addFields(fields: Map<string, unknown>, value: object, prefix: string, depth: number): void {
    if (depth > 1_000) throw new TypeError('expected an object of at most 1,000 levels')
    for (const [key, field] of Object.entries(value)) {
      const name = `${prefix}${key}`
      if (isNested(field, arrays) && Object.keys(field).length > 0) {
        addFields(fields, field, `${name}${separator}`, depth + 1)
        continue
      }
      if (fields.has(name))
        throw new TypeError(`two fields get the name "${name}": choose another { separator }`)
      fields.set(name, arrays === 'join' && Array.isArray(field) ? field.map(textOf).join(';') : field)
    }
  }
}

/** Whether the fields of a value become fields of the record. */
function isNested(value: unknown, arrays: 'keep' | 'join' | 'index'): value is object {
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return arrays === 'index'
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function textOf(item: unknown): string {
  if (item === null || item === undefined) return ''
  return typeof item === 'object' ? JSON.stringify(item) : String(item)
}

const kindOf = (value: unknown) => (Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`)
