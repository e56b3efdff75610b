/** What was measured of one case. */
export interface Row {
  name: string
  seconds?: number
  milliseconds?: number
  /** CPU time of all threads. */
  cpuSeconds?: number
  /** CPU time of one value. */
  nanoseconds?: number
  megabytesPerSecond?: number
  peakMegabytes?: number
  /** The time divided by that of the reference. */
  ratio: number
}

/** The result of a benchmark. */
export interface Outcome {
  benchmark: string
  /** What was done, how much, and how often. */
  title: string
  /** The row that all others are compared with. */
  reference: string
  rows: Row[]
}

/** The content of a file that `--json` writes. */
export interface Results {
  machine: string
  outcomes: Outcome[]
}

type Column = Exclude<keyof Row, 'name'>

/** The columns in their order, each with its head, digits after the point, and unit. */
const columns: readonly [Column, head: string, digits: number, unit: string][] = [
  ['seconds', 'time', 2, ' s'],
  ['milliseconds', 'time', 0, ' ms'],
  ['cpuSeconds', 'CPU time', 2, ' s'],
  ['nanoseconds', 'ns per value', 0, ''],
  ['megabytesPerSecond', 'MB/s', 0, ''],
  ['peakMegabytes', 'peak memory', 0, ' MB'],
  ['ratio', 'time against', 2, ' x'],
]

/** The result of a benchmark as a text table with a title. */
export function textOf({ benchmark, title, reference, rows }: Outcome): string {
  const shown = columns.filter(([column]) => rows[0]?.[column] !== undefined)
  const heads = shown.map(([column, head]) => (column === 'ratio' ? `${head} ${reference}` : head))
  const cells = rows.map(row => [
    row.name,
    ...shown.map(([column, , digits, unit]) => `${row[column]?.toFixed(digits)}${unit}`),
  ])
  return `${benchmark}: ${title}\n${table([['', ...heads], ...cells])}`
}

/** Formats rows of text as columns: the first is aligned to the left, the others to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0))) ?? []
  const lines = rows.map(row =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  '),
  )
  return lines.map(line => line.trimEnd()).join('\n')
}
