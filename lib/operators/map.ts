import type { CallContext } from '../engine/definition.ts'
import { describe } from '../errors.ts'
import { checkOptions, type OptionRules, optionError } from '../options/checkOptions.ts'
import { integer } from '../options/optionRule.ts'
import { Operator } from '../streams/Operator.ts'

/** The options of `map`. */
export interface MapOptions {
  /**
   * Number of calls at a time, 1 to 1,000. A call counts until its result is emitted: a result that waits for that of an
   * earlier value takes up memory, too. Default: 1.
   */
  concurrency?: number | undefined
}

/** What the options accept. */
export const mapRules: OptionRules = {
  owner: 'map()',
  options: { concurrency: integer({ min: 1, max: 1_000, default: 1 }) },
}

/**
 * Replaces each value by the result of `change`, or by the value of its promise. null and undefined are refused with
 * OPERATOR: to leave values out, use `filter`.
 *
 * With `concurrency`, `change` is called for several values at a time, for example to look something up over the
 * network. The results are emitted in the order of the values. While the stages after it have no room, no call is
 * started. Before each save of a checkpoint, the calls under way are awaited.
 *
 * If a call fails, the results of earlier values are emitted, then the run fails with an OPERATOR error that names the
 * lead. With a checkpoint, the run resumes from the last save, or from before that lead if no other call was under way.
 *
 * @param change receives the value and a {@link CallContext}, whose `signal` is aborted when its result is no longer
 * needed. At the end of a run with a checkpoint, that is after the progress was saved, at most 10 seconds later.
 * @throws {LeadpipeError} OPTION when `change` is not a function, and for a wrong option.
 *
 * @example
 * ```ts
 * map((lead: Lead) => ({ ...lead, email: lead.email?.toLowerCase() }))
 *
 * const withCompany = map(
 *   async (lead: Lead, { signal }) => {
 *     const answer = await fetch(`https://companies.example/${lead.guid}`, { signal })
 *     return { ...lead, company: await answer.json() }
 *   },
 *   { concurrency: 8 },
 * )
 * ```
 */
export function map<In, Out>(
  change: (value: In, context: CallContext) => Out | PromiseLike<Out>,
  options?: MapOptions,
): Operator<In, Out> {
  if (typeof change !== 'function') {
    const received = describe(change)
    throw optionError({ owner: 'map()', option: 'change', expected: 'a function', received })
  }
  const { concurrency } = checkOptions(options, mapRules) as Required<MapOptions>
  return new Operator<In, Out>([
    { name: 'map', concurrency: concurrency as number, functions: [change], call: change as never },
  ])
}
