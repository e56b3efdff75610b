/** A record that is identified by its number, from 0. */
export interface Numbered {
  n: number
}

/** Numbered records from 0 to `count`, exclusive. */
export function numbered(count: number): Numbered[] {
  return Array.from({ length: count }, (_, n) => ({ n }))
}

/** The numbers of records, in order. */
export function numbersOf(records: readonly unknown[]): number[] {
  return records.map(record => (record as Numbered).n)
}
