import type { Operator, OperatorCounts, StepDefinition } from '../../lib/index.ts'
import { Mark } from '../../lib/model/Mark.ts'
import { Chain } from '../../lib/operators/kernel/Chain.ts'

/** What came out of operators, and what they counted. */
export interface Outcome {
  out: unknown[]
  counts: OperatorCounts[]
  rejected: number
}

/**
 * Runs values through operators that are made anew after so many values, at each cut, from what the ones before
 * told a mark; it goes through JSON, as it does through a checkpoint's file.
 *
 * @param cuts in ascending order
 */
export async function continuedAt(
  cuts: readonly number[],
  values: readonly unknown[],
  make: () => Operator<never, unknown>,
): Promise<Outcome> {
  const out: unknown[] = []
  const start = () => {
    const definitions = make().definitions as StepDefinition<never, unknown>[]
    return new Chain(definitions, value => {
      if (!(value instanceof Mark)) out.push(value)
    })
  }
  let chain = start()
  let from = 0
  for (const cut of cuts) {
    for (const value of values.slice(from, cut)) await chain.write(value)
    from = cut
    const mark = new Mark(undefined, async () => {})
    await chain.write(mark)
    chain = start()
    chain.restore(JSON.parse(JSON.stringify(mark.operators)))
  }
  for (const value of values.slice(from)) await chain.write(value)
  await chain.flush()
  return { out, counts: chain.counts, rejected: chain.rejected }
}
