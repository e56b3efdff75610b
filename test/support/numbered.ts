/** Records that are told apart by their number, from 0. */
export interface Numbered {
  n: number
}

/** So many of them. */
export function numbered(count: number): Numbered[] {
  return Array.from({ length: count }, (_, n) => ({ n }))
}

/** The numbers of records, in their order. */
export function numbersOf(records: readonly unknown[]): number[] {
  return records.map(record => (record as Numbered).n)
}
