import type { OwnStepDefinition } from '../operators/kernel/definition.ts'
import { Operator } from '../operators/kernel/Operator.ts'
import type { OperatorCounts } from '../operators/kernel/OperatorCounts.ts'
import type { Stages } from './Stages.ts'

/** An operator of leadpipe's own, and what went through it. */
export interface Counted {
  definition: OwnStepDefinition<never, unknown>
  counts: OperatorCounts
}

/** The operators whose counts have a meaning for the run, in order. */
export function operatorsOfRole({ middle }: Stages, role: NonNullable<OwnStepDefinition['role']>): Counted[] {
  return middle
    .filter(part => part instanceof Operator)
    .flatMap(({ definitions, counts }) =>
      counts.flatMap((one, index) => {
        const definition = definitions[index]
        return definition !== undefined && 'role' in definition && definition.role === role
          ? [{ definition, counts: one }]
          : []
      }),
    )
}

/** A number of an operator's own; 0 where it has none of that name. */
export function numberOf(counts: OperatorCounts, name: string): number {
  const number = counts[name]
  return typeof number === 'number' ? number : 0
}
