import { branchOf } from '../../lib/engine/branches.ts'
import { Chain } from '../../lib/engine/Chain.ts'
import type { Operator, OperatorCounts } from '../../lib/index.ts'
import { recipe } from '../../lib/streams/attach.ts'

/** The output of a chain and its counts. */
export interface Outcome {
  out: unknown[]
  counts: OperatorCounts[]
  records: number
  rejected: number
  passed: number
}

/**
 * Runs values through a chain of operators that is saved and restarted at each cut. The state passes through JSON, as in
 * a checkpoint file.
 *
 * @param cuts numbers of values before a restart, ascending; if there are any, the chain remembers its records
 */
export async function runWithRestarts(
  cuts: readonly number[],
  values: readonly unknown[],
  make: () => Operator<never, unknown>,
): Promise<Outcome> {
  const out: unknown[] = []
  const start = (isResumed: boolean) => {
    const main = { write: (value: unknown) => void out.push(value) }
    const chain = new Chain(branchOf(make()[recipe], main), { done() {}, failed() {} }, isResumed)
    if (cuts.length > 0) chain.rememberRecords()
    return chain
  }
  let chain = start(false)
  let from = 0
  for (const cut of cuts) {
    for (const value of values.slice(from, cut)) await chain.receive(value)
    from = cut
    await chain.drain()
    const state = JSON.parse(JSON.stringify(chain.save()))
    chain = start(true)
    chain.restore(state)
  }
  for (const value of values.slice(from)) await chain.receive(value)
  await chain.flush()
  const { counts } = chain
  const { records, rejected, passed = 0 } = chain.main
  return { out, counts, records, rejected, passed }
}
