import { isLongNumber, isTooLarge, type LongNumbers } from '../decode/parseElement.ts'

/**
 * A property's value by its type: numbers and booleans as such, dates ("2026-11-27") and times (ISO 8601 in UTC, with
 * milliseconds) as text, everything else as text. null if there is no value.
 */
export type CrmValue = string | number | boolean | null

/** What a value could not be converted to, in words. */
export class NotConvertible {
  readonly expected: string

  constructor(expected: string) {
    this.expected = expected
  }
}

/**
 * Converts a value by the type of its property. HubSpot's values are text, in several spellings for one type; an empty
 * text is no value.
 *
 * @param type of the property's definition; values of a type that is not known here stay as they are
 */
export function convertValue(value: unknown, type: string, longNumbers: LongNumbers): unknown {
  if (value === null || value === '') return null
  const convert = Object.hasOwn(converters, type) ? converters[type] : undefined
  return convert === undefined ? value : convert(value, longNumbers)
}

const converters: Readonly<Record<string, (value: unknown, longNumbers: LongNumbers) => unknown>> = {
  number(value, longNumbers) {
    if (typeof value === 'number') return value
    const text = typeof value === 'string' ? value.trim() : ''
    if (!/^[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?$/i.test(text)) return new NotConvertible('a number')
    const mustStay = isTooLarge(text) || (longNumbers === 'text' && isLongNumber(text))
    return mustStay ? text : Number(text)
  },
  bool(value) {
    if (typeof value === 'boolean') return value
    const text = String(value).toLowerCase()
    if (text === 'true' || text === '1') return true
    return text === 'false' || text === '0' ? false : new NotConvertible('true or false')
  },
  date(value) {
    const time = timeOf(value)
    return time === undefined || time.getTime() % millisecondsPerDay !== 0
      ? new NotConvertible('a date')
      : time.toISOString().slice(0, -'T00:00:00.000Z'.length)
  },
  datetime: value => timeOf(value)?.toISOString() ?? new NotConvertible('a time'),
}

const millisecondsPerDay = 86_400_000

const isoTime = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[-+]\d\d:?\d\d))?$/

/** A time from a date, an ISO 8601 time with its zone, or milliseconds since 1970; undefined for anything else. */
export function timeOf(value: unknown): Date | undefined {
  const text = String(value).trim()
  const [, day] = isoTime.exec(text) ?? []
  if (day !== undefined) return isDay(day) ? valid(new Date(text)) : undefined
  return /^-?\d+(\.0*)?$/.test(text) ? valid(new Date(Number(text))) : undefined
}

const valid = (time: Date): Date | undefined => (Number.isNaN(time.getTime()) ? undefined : time)

/** Whether there is such a day: the engine takes 2021-02-30 for March 2. */
function isDay(text: string): boolean {
  return valid(new Date(text))?.toISOString().startsWith(text) ?? false
}
