import { type Outcome, table } from './outcome.ts'

/** What a number of a row must be at least, or at most. */
interface Target {
  what: string
  benchmark: string
  row: string
  column: 'ratio' | 'nanoseconds' | 'peakMegabytes'
  least?: number
  most?: number
}

const ratio = (benchmark: string, row: string, what: string, bound: { least: number } | { most: number }) =>
  ({ benchmark, row, what, column: 'ratio', ...bound }) as const

/** The ratios are times divided by the reference's: that of the tight loop says how many times as fast leadpipe is. */
const targets: readonly Target[] = [
  ratio('leads', 'tight loop', 'unchanged leads, times as fast as the tight loop', { least: 1.15 }),
  ratio('project', 'tight loop', 'projected leads, times as fast as the tight loop', { least: 1 }),
  ratio('leads', 'naive loop', 'unchanged leads, times as fast as the naive loop', { least: 1.6 }),
  ratio('leads', 'stream-json by hand', 'unchanged leads, times as fast as stream-json by hand', {
    least: 4.5,
  }),
  ratio('leads', 'bare download', 'unchanged leads, speed as a share of the bare download', { least: 0.25 }),
  ratio('checkpoint', 'leadpipe, with a checkpoint', 'with a checkpoint, time against without', {
    most: 1.05,
  }),
  ratio('slow-disk', 'leadpipe, with a checkpoint', 'the same with 20 ms an fsync', { most: 1.25 }),
  ratio('decode', 'JSON.parse of the whole page', 'decoding, times as fast as JSON.parse of the page', {
    least: 0.95,
  }),
  {
    what: 'an array through three fused operators, ns a value',
    benchmark: 'value',
    row: 'array, 3 synchronous',
    column: 'nanoseconds',
    most: 100,
  },
  ratio('start', 'leadpipe --version', 'leadpipe --version, time against node -e 0', { most: 3.5 }),
  {
    what: 'peak memory of an export, MB',
    benchmark: 'leads',
    row: 'leadpipe',
    column: 'peakMegabytes',
    most: 230,
  },
]

/** A text table of the targets whose benchmarks ran: what is required, what was measured, and whether it is enough. */
export function targetsTable(outcomes: readonly Outcome[]): string {
  const rows = targets.flatMap(({ what, benchmark, row, column, least, most }) => {
    const outcome = outcomes.find(outcome => outcome.benchmark === benchmark)
    if (outcome === undefined) return []
    const measured = outcome.rows.find(({ name }) => name === row)?.[column]
    if (measured === undefined) throw new Error(`the benchmark ${benchmark} has no ${column} of "${row}"`)
    const isMet = measured >= (least ?? -Infinity) && measured <= (most ?? Infinity)
    const required = least === undefined ? `at most ${most}` : `at least ${least}`
    const digits = column === 'ratio' ? 2 : 0
    return [[what, required, measured.toFixed(digits), isMet ? 'met' : 'missed']]
  })
  return table([['target', 'required', 'measured', ''], ...rows])
}
