import { Chain } from '../../lib/engine/Chain.ts'
import type { Definition } from '../../lib/engine/definition.ts'
import type { Target } from '../../lib/engine/Outlet.ts'
import type { ChainState } from '../../lib/engine/Runner.ts'
import type { Operator } from '../../lib/index.ts'
import { recipe } from '../../lib/streams/attach.ts'

/** A chain, and what it does. */
export interface Watched {
  chain: Chain
  /** What came out of it. */
  out: unknown[]
  /** What it reported: 'done', and errors. */
  events: unknown[]
}

/** A chain of operators in front of an array. */
export function chainOf(...operators: Operator<never, unknown>[]): Watched {
  return chainOfDefinitions(operators.flatMap(part => part[recipe]))
}

/**
 * @param main takes what comes out, instead of the array
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
  const chain = new Chain(definitions, { main: main ?? toArray }, ofEvents, isResumed)
  return { chain, out, events }
}

/** What a checkpoint keeps of a chain: it goes through a file. */
export function savedBy(chain: Chain): ChainState {
  return JSON.parse(JSON.stringify(chain.save()))
}
