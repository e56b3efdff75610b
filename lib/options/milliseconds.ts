import { optionError } from './checkOptions.ts'

/**
 * A time from an option in milliseconds since 1970.
 *
 * @param time checked, but a Date may be invalid
 * @throws {LeadpipeError} OPTION
 */
export function milliseconds(owner: string, option: string, time: number | Date): number {
  const value = Number(time)
  if (Number.isInteger(value) && value >= 0) return value
  const expected = 'a Date that is valid and not before 1970'
  throw optionError({ owner, option, expected, received: String(time) })
}

/**
 * Checks that a range of time does not end before it begins.
 *
 * @throws {LeadpipeError} OPTION, about the end
 */
export function checkRange(
  owner: string,
  [start, from]: readonly [option: string, time: number | undefined],
  [end, to]: readonly [option: string, time: number | undefined],
): void {
  if (from === undefined || to === undefined || to >= from) return
  const other = { option: start, value: from }
  throw optionError({ owner, option: end, expected: `${from} or later`, with: other, received: String(to) })
}
