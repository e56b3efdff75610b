import { type Equation, equation } from '../stage/Stage.ts'
import type { Branch } from './Branch.ts'
import { mainId } from './branches.ts'

/**
 * The equations that must hold for a branch and those below it when everything is processed, each number from a separate
 * counter. Nothing has to hold for a branch that was dropped.
 */
export function branchEquations({ id, records, rejected, passed, runners, live }: Branch): Equation[] {
  const next =
    passed === undefined
      ? live.map(branch => ({ name: `into ${branch.id}`, records: branch.records }))
      : [{ name: id === mainId ? 'passed on' : `passed on to ${id}`, records: passed }]
  const takers =
    passed === undefined && runners.rejected === undefined
      ? live.map(branch => ({ name: `into ${branch.id}`, rejected: branch.rejected }))
      : [{ name: 'taken by an operator', rejected: runners.rejected ?? 0 }]
  return [
    ...runners.equations(records, next),
    ...takers.map(taker =>
      equation('elements received that are not records', taker.name, rejected, taker.rejected),
    ),
    ...live.flatMap(branchEquations),
  ]
}
