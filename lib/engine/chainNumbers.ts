import { type Equation, equation } from '../stage/Stage.ts'
import type { OperatorTotals } from './definition.ts'
import type { Received } from './RecordTransaction.ts'
import type { Runner } from './Runner.ts'
import type { StepRunner } from './StepRunner.ts'

/** The counts of leadpipe's own operators, as totals for the report. */
export function totalsOf(steps: readonly StepRunner[]): OperatorTotals {
  const totals: OperatorTotals = {}
  for (const { definition, counts } of steps) {
    const own = definition.totals?.(counts) ?? {}
    for (const name of ['skipped', 'quarantined'] as const)
      totals[name] = (totals[name] ?? 0) + (own[name] ?? 0)
    if (own.records !== undefined) totals.records = own.records
  }
  return totals
}

/**
 * The equations that must hold when a chain has processed everything, each number from a counter of its own.
 *
 * @param passed records that were passed to the main sink
 */
export function equationsOf(
  runners: readonly Runner[],
  steps: readonly StepRunner[],
  { records, rejected }: Received,
  passed: number,
): Equation[] {
  const between = runners.slice(1).map((runner, index) => {
    const before = runners[index] as Runner
    const [from, to] = [before.counts, runner.counts]
    return equation(`out of ${from.name}`, `into ${to.name}`, from.out, to.in)
  })
  const own = steps.flatMap(step => step.definition.equations?.(step.counts, step.rejected) ?? [])
  const [first, last] = [runners[0]?.counts, runners.at(-1)?.counts]
  const taken = steps.reduce((sum, step) => sum + step.rejected, 0)
  return [
    ...own,
    equation('records received', into(first?.name), records, first?.in ?? passed),
    ...between,
    ...(last === undefined ? [] : [equation(`out of ${last.name}`, 'passed on', last.out, passed)]),
    equation('elements received that are not records', 'taken by an operator', rejected, taken),
  ]
}

const into = (name = 'the sink') => `into ${name}`
