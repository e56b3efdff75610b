import { branchOf } from '../../lib/engine/branches.ts'
import { Chain } from '../../lib/engine/Chain.ts'
import type { Definition } from '../../lib/engine/definition.ts'
import type { Target } from '../../lib/engine/Outlet.ts'
import type { BranchState } from '../../lib/engine/Runner.ts'
import type { Operator } from '../../lib/index.ts'
import { recipe } from '../../lib/streams/attach.ts'

/** A chain, its output and its events. */
export interface Watched {
  chain: Chain
  /** The output. */
  out: unknown[]
  /** 'done', and errors. */
  events: unknown[]
}

/** A chain of operators that writes to an array. */
export function chainOf(...operators: Operator<never, unknown>[]): Watched {
  return chainOfDefinitions(operators.flatMap(part => part[recipe]))
}

/** A chain of these definitions.
 * @param main receives the output; default: an array
 * @param isResumed whether the chain is restored before its first record
 */
export function chainOfDefinitions(
  definitions: readonly Definition[],
  main?: Target,
  isResumed = false,
): Watched {
  const out: unknown[] = []
  const events: unknown[] = []
  const toArray: Target = { write: value => void out.push(value) }
  const ofEvents = { done: () => events.push('done'), failed: (error: unknown) => events.push(error) }
  const chain = new Chain(branchOf(definitions, main ?? toArray), ofEvents, isResumed)
  return { chain, out, events }
}

/** The state of a chain as a checkpoint file keeps it. */
export function savedBy(chain: Chain): BranchState {
  return JSON.parse(JSON.stringify(chain.save()))
}
