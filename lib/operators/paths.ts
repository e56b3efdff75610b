import { describe } from '../errors.ts'
import { optionError } from '../options/checkOptions.ts'

/** The maximum depth of a path, counted down, so that a user's recursive type ends. */
type Depth = [never, 0, 1, 2, 3, 4, 5, 6]

/** T without what stands for no value: some portals send null or "". */
type Present<T> = Exclude<T, null | undefined | ''>

type Below<T, D extends number> = D extends 0 ? never : Path<Present<T>, Depth[D]>

/** Every dotted path into T: keys joined by dots, and numbers for the items of an array. Any string if T is unknown. */
export type Path<T, D extends number = 6> = unknown extends T
  ? string
  : T extends readonly (infer Item)[]
    ? `${number}` | `${number}.${Below<Item, D>}`
    : T extends object
      ? { [K in keyof T & string]: K | `${K}.${Below<T[K], D>}` }[keyof T & string]
      : never

/** The type of the value at a path of T; includes undefined if any part of the path may be missing. */
export type ValueAt<T, P extends string> = unknown extends T
  ? unknown
  : P extends keyof T
    ? T[P]
    : P extends `${infer Head}.${infer Rest}`
      ? Head extends keyof T
        ? ValueAt<Present<T[Head]>, Rest> | Missing<T[Head]>
        : T extends readonly (infer Item)[]
          ? ValueAt<Present<Item>, Rest> | undefined
          : never
      : T extends readonly (infer Item)[]
        ? Item | undefined
        : never

type Missing<T> = undefined extends T
  ? undefined
  : null extends T
    ? undefined
    : '' extends T
      ? undefined
      : never

/** Every path of T that leads to an array. */
export type ArrayPath<T> = unknown extends T
  ? string
  : { [P in Path<T>]: Present<ValueAt<T, P>> extends readonly unknown[] ? P : never }[Path<T>]

/** The type of the items of the array at a path of T. */
export type ItemAt<T, P extends string> =
  Present<ValueAt<T, P>> extends readonly (infer Item)[] ? Item : unknown

/** T without the value at a path. */
export type Without<T, P extends string> = unknown extends T
  ? Record<string, unknown>
  : P extends keyof T
    ? Omit<T, P>
    : P extends `${infer Head}.${infer Rest}`
      ? Head extends keyof T
        ? { [K in keyof T]: K extends Head ? Without<Present<T[K]>, Rest> | Missing<T[K]> : T[K] }
        : T
      : T

/**
 * Checks a dotted path.
 *
 * @throws {LeadpipeError} OPTION when it is not a string, or has an empty part.
 */
export function checkPath(owner: string, option: string, path: unknown): string {
  if (typeof path === 'string' && path.split('.').every(part => part !== '')) return path
  const expected = 'a dotted path, for example "crmDetails.status"'
  throw optionError({ owner, option, expected, received: describe(path) })
}

/**
 * A function that reads the value at a dotted path: own keys only, numbers for the items of an array, undefined if
 * any part is missing. A key that equals the whole path wins, since `project` makes such keys.
 */
export function valueAt(path: string): (value: unknown) => unknown {
  const keys = path.split('.')
  if (keys.length === 1) return value => own(value, path)
  return value => {
    if (isObject(value) && Object.hasOwn(value, path)) return value[path]
    let found: unknown = value
    for (const key of keys) found = own(found, key)
    return found
  }
}

function own(value: unknown, key: string): unknown {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
