import { createHash } from 'node:crypto'

/**
 * A copy of a value that survives JSON unchanged; fields that are undefined are omitted.
 *
 * @param what what the value is, for the error
 * @throws {TypeError} naming the kind of value that JSON would lose or change, but not its content.
 */
export function plainJson(value: unknown, what: string): unknown {
  try {
    return copy(value, [])
  } catch (error) {
    if (error instanceof NotPlainJson)
      throw new TypeError(`${what} must be plain JSON, found ${error.message}`)
    throw error
  }
}

class NotPlainJson extends Error {}

function copy(value: unknown, ancestors: readonly object[]): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
  if (typeof value === 'number' && Number.isFinite(value)) return value
  if (typeof value !== 'object' || !(Array.isArray(value) || isPlain(value)))
    throw new NotPlainJson(kindOf(value))
  if (ancestors.includes(value)) throw new NotPlainJson('an object that holds itself')
  const path = [...ancestors, value]
  // Not map(), which skips holes.
  if (Array.isArray(value)) return Array.from(value, item => copy(item, path))
  const fields = Object.entries(value).filter(([, field]) => field !== undefined)
  return Object.fromEntries(fields.map(([name, field]) => [name, copy(field, path)]))
}

/**
 * A text that distinguishes a value from others: its JSON, if it is plain JSON. Otherwise functions are included by
 * their text, and other values that JSON would lose by their content.
 */
function identifyingText(value: object): string {
  /** The objects around the current field, and what is written for each. */
  const ancestors: { field: object; written: object }[] = []
  function replace(this: Record<string, unknown>, key: string, json: unknown): unknown {
    // A `toJSON()` may leave everything out.
    const field = json === undefined ? this[key] : json
    if (['function', 'symbol', 'bigint'].includes(typeof field)) return String(field)
    if (typeof field !== 'object' || field === null) return field
    if (field instanceof RegExp) return String(field)
    while (ancestors.length > 0 && ancestors.at(-1)?.written !== this) ancestors.pop()
    if (ancestors.some(ancestor => ancestor.field === field)) return 'circular'
    const written = field instanceof Map || field instanceof Set ? [...field] : field
    ancestors.push({ field, written })
    return written
  }
  return JSON.stringify(value, replace)
}

/** A short digest of the text that distinguishes a value, for a checkpoint. */
export const identifyingDigest = (value: object): string =>
  createHash('sha256').update(identifyingText(value)).digest('hex').slice(0, 16)

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function kindOf(value: unknown): string {
  if (typeof value === 'number' || value === undefined) return String(value)
  if (typeof value !== 'object' || value === null) return `a value of type ${typeof value}`
  return `an object of class ${value.constructor?.name}`
}
