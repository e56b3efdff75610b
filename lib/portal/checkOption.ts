import { inspect } from 'node:util'
import { PortalError } from './PortalError.ts'

const maxCount = 100_000_000
const maxSeed = 2 ** 32 - 1

/** Checks that the options are an object with only these names. */
export function checkNames<Name extends string>(
  options: unknown,
  names: readonly Name[],
  owner = 'options',
): asserts options is { readonly [name in Name]?: unknown } {
  if (typeof options !== 'object' || options === null) throw refused(owner, 'an object', options)
  const known: readonly string[] = names
  const stranger = Object.keys(options).find(name => !known.includes(name))
  if (stranger === undefined) return
  const path = owner === 'options' ? stranger : `${owner}.${stranger}`
  throw new PortalError('OPTION', `Unknown option \`${path}\`: expected one of ${names.join(', ')}`)
}

/** Checks a number of leads to generate, or of requests to serve. */
export function checkCount(name: string, count: unknown): number {
  return checkWhole(name, count, maxCount)
}

/** Checks a seed. */
export function checkSeed(name: string, seed: unknown): number {
  return checkWhole(name, seed, maxSeed)
}

/** Checks a whole number from 0 to the given one. */
export function checkWhole(name: string, value: unknown, most: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most) return value
  throw refused(name, `a whole number from 0 to ${most}`, value)
}

/** Checks that a value is one of these words. */
export function checkWord<Word extends string>(name: string, value: unknown, words: readonly Word[]): Word {
  const word = words.find(known => known === value)
  if (word !== undefined) return word
  const quoted = words.map(known => `"${known}"`)
  throw refused(name, `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`, value)
}

/** The error for an option of the wrong type or range. */
export function refused(name: string, expected: string, value: unknown): PortalError {
  const received = inspect(value, { depth: 0, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 100 })
  return new PortalError('OPTION', `Expected \`${name}\` to be ${expected}, got ${received}`)
}
