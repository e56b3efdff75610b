import { describe } from '../errors.ts'
import { optionError } from '../options/checkOptions.ts'

/** The maximum depth of a path, counted down, so that a user's recursive type ends. */
type Depth = [never, 0, 1, 2, 3, 4, 5, 6]

/** T without what stands for no value: some portals send null or "". */
export type Present<T> = Exclude<T, null | undefined | ''>

type Below<T, D extends number> = D extends 0 ? never : Path<Present<T>, Depth[D]>

/** Every dotted path into T: keys joined by dots, and numbers for the items of an array. Any string if T is unknown. */
export type Path<T, D extends number = 6> = unknown extends T
  ? string
  : T extends readonly (infer Item)[]
    ? `${number}` | `${number}.${Below<Item, D>}`
    : T extends object
      ? { [K in keyof T & string]: K | `${K}.${Below<T[K], D>}` }[keyof T & string]
      : never

/** The same, with `*` for every item of an array. */
export type EachPath<T, D extends number = 6> = unknown extends T
  ? string
  : T extends readonly (infer Item)[]
    ? `${number}` | '*' | `${number | '*'}.${EachBelow<Item, D>}`
    : T extends object
      ? { [K in keyof T & string]: K | `${K}.${EachBelow<T[K], D>}` }[keyof T & string]
      : never

type EachBelow<T, D extends number> = D extends 0 ? never : EachPath<Present<T>, Depth[D]>

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

export type Missing<T> = undefined extends T
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

/** T without the values at some paths. */
export type Without<T, P extends string> = unknown extends T
  ? Record<string, unknown>
  : T extends readonly (infer Item)[]
    ? [Rest<P, '*'>] extends [never]
      ? T
      : Without<Present<Item>, Rest<P, '*'>>[]
    : T extends object
      ? { [K in keyof T as K extends P ? never : K]: WithoutBelow<T[K], Rest<P, K & string>> }
      : T

type WithoutBelow<T, P extends string> = [P] extends [never] ? T : Without<Present<T>, P> | Missing<T>

/** What follows K in the paths that begin with it. */
export type Rest<P extends string, K extends string> = P extends `${K}.${infer After}` ? After : never

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

/** Returned by the function of {@link changeAt} to remove the value. */
export const removed: unique symbol = Symbol('leadpipe.removed')

/** Returns what a value is changed to; `pointer` is its place, as a JSON Pointer. */
type Change = (found: unknown, pointer: string) => unknown

/** Changes the value at a path: see {@link changeAt}. */
export type ChangeAt = (value: unknown, change: Change) => unknown

/**
 * A function that returns a copy of a value in which the one at a dotted path is changed. Own keys only, `*` for every
 * item of an array; as in {@link valueAt}, a key that equals the whole path wins. Only the objects on the way are
 * copied. If the path is missing, or nothing changes, it returns the value itself.
 */
export function changeAt(path: string): ChangeAt {
  const keys = path.split('.')
  return (value, change) =>
    changed(value, isObject(value) && Object.hasOwn(value, path) ? [path] : keys, change, '')
}

function changed(
  value: unknown,
  [key = '', ...below]: readonly string[],
  change: Change,
  pointer: string,
): unknown {
  if (!isObject(value)) return value
  const changeOne = (found: unknown, at: string | number) => {
    const place = `${pointer}/${escaped(String(at))}`
    return below.length === 0 ? change(found, place) : changed(found, below, change, place)
  }
  if (Array.isArray(value)) {
    if (key !== '*' && !(/^\d+$/.test(key) && Object.hasOwn(value, key))) return value
    const items = value.map((item, index) =>
      key === '*' || index === Number(key) ? changeOne(item, index) : item,
    )
    return items.every((item, index) => item === value[index])
      ? value
      : items.filter(item => item !== removed)
  }
  if (!Object.hasOwn(value, key)) return value
  const after = changeOne(value[key], key)
  if (after === value[key]) return value
  if (after !== removed) return { ...value, [key]: after }
  const { [key]: _, ...rest } = value
  return rest
}

/** A key as a part of a JSON Pointer. */
export const escaped = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1')

/**
 * Refuses a name that is not one for a field: assigning to `__proto__` would set a prototype instead.
 *
 * @throws {LeadpipeError} OPTION
 */
export function checkName(owner: string, option: string | undefined, name: unknown): string {
  if (typeof name === 'string' && name !== '' && name !== '__proto__') return name
  throw optionError({
    owner,
    ...(option === undefined ? {} : { option }),
    expected: 'a name for a field',
    received: describe(name),
  })
}

function own(value: unknown, key: string): unknown {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
