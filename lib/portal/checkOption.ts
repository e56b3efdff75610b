import { inspect } from 'node:util'
import { PortalError, type PortalOptionContext } from './PortalError.ts'

const maxCount = 100_000_000
const maxSeed = 2 ** 32 - 1

/** The function that has the options, unless another is given. */
const defaultOwner = 'createPortal()'

/** Checks that the options, or the value of one option, are an object with only these names. */
export function checkNames<Name extends string>(
  options: unknown,
  names: readonly Name[],
  { owner = defaultOwner, option }: { owner?: string; option?: string } = {},
): asserts options is { readonly [name in Name]?: unknown } {
  if (typeof options !== 'object' || options === null) {
    throw optionError({
      owner,
      option: option ?? 'options',
      expected: 'an object',
      received: describe(options),
    })
  }
  const known: readonly string[] = names
  const stranger = Object.keys(options).find(name => !known.includes(name))
  if (stranger === undefined) return
  const path = option === undefined ? stranger : `${option}.${stranger}`
  throw optionError({ owner, option: path, unknown: true, expected: `one of ${names.join(', ')}` })
}

/** Checks a number of leads to generate, or of requests to serve. */
export function checkCount(option: string, count: unknown, owner?: string): number {
  return checkWhole(option, count, maxCount, owner)
}

/** Checks a seed. */
export function checkSeed(option: string, seed: unknown, owner?: string): number {
  return checkWhole(option, seed, maxSeed, owner)
}

/** Checks an integer from 0 to the given one. */
export function checkWhole(option: string, value: unknown, most: number, owner?: string): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most) return value
  throw refused(option, `an integer from 0 to ${most}`, value, owner)
}

/** Checks that a value is one of these words. */
export function checkWord<Word extends string>(option: string, value: unknown, words: readonly Word[]): Word {
  const word = words.find(known => known === value)
  if (word !== undefined) return word
  const quoted = words.map(known => `"${known}"`)
  throw refused(option, `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`, value)
}

/** Checks a flag. */
export function checkFlag(option: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value
  throw refused(option, 'true or false', value)
}

/** Whether a value can be iterated over; a text does not count. */
export function isIterable(value: unknown): value is Iterable<object> | AsyncIterable<object> {
  return (
    typeof value === 'object' && value !== null && (Symbol.iterator in value || Symbol.asyncIterator in value)
  )
}

/** The error for an option of the wrong type or range. */
export function refused(option: string, expected: string, value: unknown, owner = defaultOwner): PortalError {
  return optionError({ owner, option, expected, received: describe(value) })
}

/** An OPTION error. Its message is made from the facts, in the form that all of leadpipe has. */
export function optionError(context: PortalOptionContext): PortalError {
  const { owner, option, unknown, expected, received } = context
  const place = option === undefined ? owner : `${owner}: ${option}`
  const message = unknown
    ? `${owner}: unknown option ${JSON.stringify(option)}; expected ${expected}`
    : `${place}: expected ${expected}, received ${received}`
  return new PortalError('OPTION', message, { context })
}

const describe = (value: unknown) =>
  inspect(value, { depth: 0, breakLength: Number.POSITIVE_INFINITY, maxStringLength: 100 })
