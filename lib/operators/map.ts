import { isThenable } from '../async/promises.ts'
import { describe } from '../errors.ts'
import { optionError } from '../options/checkOptions.ts'
import { Operator } from '../streams/Operator.ts'

/**
 * Replaces each value by the result of `change`, or by the value of its promise. null and undefined are refused with
 * OPERATOR: to leave values out, use `filter`.
 *
 * @throws {LeadpipeError} OPTION when `change` is not a function.
 *
 * @example
 * ```ts
 * map((lead: Lead) => ({ ...lead, email: lead.email?.toLowerCase() }))
 * ```
 */
export function map<In, Out>(change: (value: In) => Out | PromiseLike<Out>): Operator<In, Out> {
  if (typeof change !== 'function') {
    const received = describe(change)
    throw optionError({ owner: 'map()', option: 'change', expected: 'a function', received })
  }
  return new Operator<In, Out>([
    {
      name: 'map',
      stateless: true,
      functions: [change],
      create: () => ({
        step(value: In, emit: (value: Out) => void) {
          const changed = change(value)
          return isThenable(changed) ? Promise.resolve(changed).then(emit) : emit(changed)
        },
      }),
    },
  ])
}
