import { isThenable } from '../async/promises.ts'
import { describe } from '../errors.ts'
import { optionError } from '../options/checkOptions.ts'
import { Operator } from '../streams/Operator.ts'

/** A boolean or a promise of one; undefined (from a missing field) counts as false. */
export type Verdict = boolean | undefined | PromiseLike<boolean | undefined>

/**
 * Keeps the values for which `predicate` is true; undefined (from a missing field) counts as false. A type guard
 * narrows the type of the following stages.
 *
 * @throws {LeadpipeError} OPTION when `predicate` is not a function.
 *
 * @example
 * ```ts
 * filter((lead: Lead) => lead.isCustomer)
 * ```
 */
export function filter<In, Out extends In>(predicate: (value: In) => value is Out): Operator<In, Out>
export function filter<In>(predicate: (value: In) => Verdict): Operator<In, In>
export function filter<In>(predicate: (value: In) => Verdict): Operator<In, In> {
  if (typeof predicate !== 'function') {
    const received = describe(predicate)
    throw optionError({ owner: 'filter()', option: 'predicate', expected: 'a function', received })
  }
  return new Operator<In, In>([
    {
      name: 'filter',
      stateless: true,
      functions: [predicate],
      create: () => ({
        step(value: In, emit: (value: In) => void) {
          const keep = predicate(value)
          if (!isThenable(keep)) return keep ? emit(value) : undefined
          return Promise.resolve(keep).then(later => (later ? emit(value) : undefined))
        },
      }),
    },
  ])
}
