/** A time as HubSpot writes it: ISO 8601 with milliseconds; null for a value that is not a time. */
export function isoTime(time: unknown): string | null {
  if (typeof time !== 'number') return null
  const date = new Date(time)
  return Number.isNaN(date.getTime()) ? null : date.toISOString()
}

/** The same, with 0 for a time that never was, as in leads. */
export const isoTimeUnlessZero = (time: unknown): string | null => (time === 0 ? null : isoTime(time))

/** The milliseconds since 1970 of a time in digits or in ISO 8601; undefined for any other text. */
export function timeOf(text: string): number | undefined {
  const time = /^-?\d+$/.test(text) ? Number(text) : Date.parse(text)
  return Number.isNaN(time) ? undefined : time
}

/** A value as text, as all values of properties are; null for an empty one. */
export function textOf(value: unknown): string | null {
  if (value === undefined || value === null || value === '') return null
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
