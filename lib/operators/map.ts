import { isThenable } from '../async/promises.ts'
import { optionError } from '../options/checkOptions.ts'
import { Operator } from '../streams/Operator.ts'

/**
 * Replaces each value by what `change` returns for it, possibly later. null and undefined are refused with
 * OPERATOR: leaving values out is what `filter` is for.
 *
 * @throws {LeadpipeError} OPTION when `change` is no function.
 *
 * @example
 * ```ts
 * map((lead: Lead) => ({ ...lead, email: lead.email?.toLowerCase() }))
 * ```
 */
export function map<In, Out>(change: (value: In) => Out | PromiseLike<Out>): Operator<In, Out> {
  if (typeof change !== 'function') throw optionError('map() change', 'expected a function', change)
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
