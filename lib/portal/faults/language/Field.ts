/** One value of the fault language: its notation and its valid values. */
export interface Field {
  /** A description for error messages. */
  readonly expected: string
  /** Converts a text to a value; to a value that `holds` refuses if the text is invalid. */
  readonly read: (text: string) => unknown
  readonly holds: (value: unknown) => boolean
  /** Converts a value to text. */
  readonly write: (value: unknown) => string
}

/** A whole number. */
export function integer(from: number, to: number): Field {
  return {
    expected: `a whole number from ${from} to ${to}`,
    read: text => (/^\d+$/.test(text) ? Number(text) : undefined),
    holds: value => Number.isInteger(value) && Number(value) >= from && Number(value) <= to,
    write: String,
  }
}

/** A part of a body. */
export const part: Field = {
  expected: 'a share from 0 to less than 1, such as 0.5',
  read: readDecimal,
  holds: value => typeof value === 'number' && value >= 0 && value < 1,
  write: String,
}

/** A share of the requests: in percent as text. */
export const percent: Field = {
  expected: 'a share of more than 0% and at most 100%',
  read: text => rounded(readDecimal(text) / 100),
  holds: value => typeof value === 'number' && value > 0 && value <= 1,
  write: value => String(rounded(Number(value) * 100)),
}

/** Corrects rounding errors: 0.07 * 100 is a little more than 7. */
function rounded(value: number): number {
  return Number(value.toPrecision(12))
}

/** One of these words. */
export function word(...words: readonly string[]): Field {
  return {
    expected: `one of ${words.join(', ')}`,
    read: text => text,
    holds: value => words.some(known => known === value),
    write: String,
  }
}

/** Any text. */
export const text: Field = {
  expected: 'a text',
  read: value => value,
  holds: value => typeof value === 'string',
  write: String,
}

function readDecimal(text: string): number {
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN
}
