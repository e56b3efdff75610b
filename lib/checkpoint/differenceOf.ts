import { inspect } from 'node:util'
import { describe } from '../errors.ts'
import { isDigest } from '../files/digestOf.ts'

/**
 * The first difference between two values of plain JSON, in words; undefined when they are equal.
 *
 * @param where what the values are, for example 'sink'
 */
export function differenceOf(before: unknown, now: unknown, where = ''): string | undefined {
  if (isObject(before) && isObject(now) && Array.isArray(before) === Array.isArray(now)) {
    for (const name of new Set([...Object.keys(before), ...Object.keys(now)])) {
      const [theirs, ours] = [own(before, name), own(now, name)]
      const found = differenceOf(theirs, ours, where === '' ? name : `${where}.${name}`)
      if (found !== undefined) return found
    }
    return undefined
  }
  if (Object.is(before, now)) return undefined
  return `${where} was ${said(before)} and is ${said(now)} now`
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null

/** A field named like one that every object inherits is no field. */
const own = (object: Record<string, unknown>, name: string) =>
  Object.hasOwn(object, name) ? object[name] : undefined

function said(value: unknown): string {
  if (value === undefined) return 'not there'
  if (typeof value === 'string' && isDigest(value)) return `one whose digest is ${value.slice(0, 12)}…`
  // Cut short, two paths in the same directory may look the same.
  return typeof value === 'string' ? inspect(value, { maxStringLength: 1_000 }) : describe(value)
}
