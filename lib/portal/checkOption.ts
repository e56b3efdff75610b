import { inspect } from 'node:util'
import { PortalError } from './PortalError.ts'

const maxCount = 100_000_000
const maxSeed = 2 ** 32 - 1

/** Checks that options are an object with no other names than these. */
export function checkNames<Name extends string>(
  options: unknown,
  names: readonly Name[],
): asserts options is { readonly [name in Name]?: unknown } {
  if (typeof options !== 'object' || options === null) throw refused('options', 'an object', options)
  const known: readonly string[] = names
  const stranger = Object.keys(options).find(name => !known.includes(name))
  if (stranger === undefined) return
  throw new PortalError('OPTION', `Unknown option \`${stranger}\`: expected one of ${names.join(', ')}`)
}

/** Checks a number of leads to generate. */
export function checkLeadCount(name: string, count: unknown): number {
  return checkWhole(name, count, maxCount)
}

/** Checks a seed, 1 when it is not given. */
export function checkSeed(seed: unknown = 1): number {
  return checkWhole('seed', seed, maxSeed)
}

/** Checks a whole number from 0 to the given one. */
export function checkWhole(name: string, value: unknown, most: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most) return value
  throw refused(name, `a whole number from 0 to ${most}`, value)
}

/** The error for an option of the wrong type or range. */
export function refused(name: string, expected: string, value: unknown): PortalError {
  const received = inspect(value, { depth: 0, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 100 })
  return new PortalError('OPTION', `Expected \`${name}\` to be ${expected}, got ${received}`)
}
