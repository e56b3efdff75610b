import { findLongNumbers, type LongNumbers } from './longNumbers.ts'
import type { ValueScanner } from './ValueScanner.ts'

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
