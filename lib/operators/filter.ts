import { isThenable } from '../async/promises.ts'
import { describe } from '../errors.ts'
import { checkOptions, type OptionRules, optionError } from '../options/checkOptions.ts'
import { Operator } from '../streams/Operator.ts'

/** A boolean or a promise of one; undefined (from a missing field) counts as false. */
export type Verdict = boolean | undefined | PromiseLike<boolean | undefined>

/** The options of {@link filter}. */
export interface FilterOptions {
  /**
   * Whether `predicate` changes no value. If so, a lead that no other operator changes is written to a file as it
   * arrived, which is faster. Default: false.
   */
  pure?: boolean | undefined
}

/** What the options accept. */
export const filterRules = {
  owner: 'filter()',
  options: { pure: { type: 'boolean', default: false, expected: 'true or false' } },
} as const satisfies OptionRules

/**
 * Keeps the values for which `predicate` is true; undefined (from a missing field) counts as false. A type guard
 * narrows the type of the following stages.
 *
 * @throws {LeadpipeError} OPTION when `predicate` is not a function, and for a wrong option.
 *
 * @example
 * ```ts
 * filter((lead: Lead) => lead.isCustomer)
 * ```
 */
export function filter<In, Out extends In>(
  predicate: (value: In) => value is Out,
  options?: FilterOptions,
): Operator<In, Out>
export function filter<In>(predicate: (value: In) => Verdict, options?: FilterOptions): Operator<In, In>
export function filter<In>(predicate: (value: In) => Verdict, options?: FilterOptions): Operator<In, In> {
  if (typeof predicate !== 'function') {
    const received = describe(predicate)
    throw optionError({ owner: 'filter()', option: 'predicate', expected: 'a function', received })
  }
  const { pure } = checkOptions(options, filterRules)
  return new Operator<In, In>([
    {
      name: 'filter',
      preserves: pure,
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
