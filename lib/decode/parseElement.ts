import type { ValueScanner } from './ValueScanner.ts'

/** What becomes of numbers with more digits than a double holds. */
export type LongNumbers = 'round' | 'text'

/** A parsed element, and how its value differs from its text. */
export interface ParsedElement {
  readonly value: unknown
  readonly repeatedKeys: number
  readonly roundedNumbers: number
  readonly textNumbers: number
}

/**
 * Parses the text of an element.
 *
 * @param scanned what the scanner found in it
 * @throws {SyntaxError} if it is not valid JSON
 */
export function parseElement(
  text: string,
  { members, mayHaveLongNumbers }: Pick<ValueScanner, 'members' | 'mayHaveLongNumbers'>,
  longNumbers: LongNumbers,
): ParsedElement {
  const value: unknown = JSON.parse(text)
  const repeatedKeys = isObject(value) ? members - Object.keys(value).length : 0
  if (!mayHaveLongNumbers) return { value, repeatedKeys, roundedNumbers: 0, textNumbers: 0 }
  const { text: kept, ...numbers } = findLongNumbers(text, longNumbers)
  return { value: numbers.textNumbers === 0 ? value : JSON.parse(kept), repeatedKeys, ...numbers }
}

/** Whether a value is an object with keys: no array. */
export const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What became of the long numbers in a text. */
export interface LongNumbersFound {
  /** The text, with those that are kept in quotes. */
  readonly text: string
  readonly roundedNumbers: number
  readonly textNumbers: number
}

/** The parts of a JSON text that matter: escapes, quotes, and numbers. Inside of strings, digits look like numbers. */
const tokens = /\\.|"|-?\d[-+.\dEe]*/gs

/**
 * Finds the numbers in a valid JSON text that a double can't hold, and puts those that are kept as text in quotes. One
 * that is too large for a double is always kept: rounded, it would be Infinity, which JSON does not have.
 */
export function findLongNumbers(text: string, longNumbers: LongNumbers): LongNumbersFound {
  let isInString = false
  let roundedNumbers = 0
  let textNumbers = 0
  const kept = text.replace(tokens, token => {
    if (token === '"') isInString = !isInString
    else if (!isInString && isLongNumber(token)) {
      if (longNumbers === 'text' || isTooLarge(token)) {
        textNumbers += 1
        return `"${token}"`
      }
      roundedNumbers += 1
    }
    return token
  })
  return { text: kept, roundedNumbers, textNumbers }
}

/** Whether a number is too large for a double. */
export const isTooLarge = (number: string): boolean => !Number.isFinite(Number(number))

/** Whether `JSON.parse` gives another number than the text says: 1.0, 1e3 and -0 are the same number in other words. */
export function isLongNumber(text: string): boolean {
  // A double holds any 15 digits.
  if (text.length <= 15 && !/e/i.test(text)) return false
  return decimal(text) !== decimal(String(Number(text)))
}

const parts = /^-?(\d+)(?:\.(\d+))?(?:e([-+]?\d+))?$/i

/** A number in one form: its digits without zeros around them, and the exponent of the first one. No sign. */
function decimal(text: string): string {
  const [, whole = '', fraction = '', exponent = '0'] = parts.exec(text) ?? []
  const digits = whole + fraction
  const first = digits.search(/[1-9]/)
  if (first === -1) return whole === '' ? text : '0'
  let end = digits.length
  while (digits[end - 1] === '0') end -= 1
  return `${digits.slice(first, end)}e${Number(exponent) + whole.length - first}`
}
