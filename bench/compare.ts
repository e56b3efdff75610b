import { type Outcome, type Results, table } from './outcome.ts'

/**
 * The ratios of this run against those of an earlier one. Below 1, the row takes less time now than before, measured in
 * the time of its reference. Rows that only one of the runs has are left out.
 */
export function compare(outcomes: readonly Outcome[], before: Results): string {
  const rows = outcomes.flatMap(({ benchmark, reference, rows }) =>
    rows.flatMap(({ name, ratio }) => {
      const earlier = before.outcomes
        .find(outcome => outcome.benchmark === benchmark)
        ?.rows.find(row => row.name === name)
      if (earlier === undefined || name === reference) return []
      const shown = [earlier.ratio, ratio, ratio / earlier.ratio].map(number => number.toFixed(2))
      return [[`${benchmark}: ${name}`, ...shown]]
    }),
  )
  return `before: ${before.machine}\n${table([['', 'before', 'now', 'now / before'], ...rows])}`
}
