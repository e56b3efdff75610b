import { isThenable } from '../async/promises.ts'
import { describe } from '../errors.ts'
import { optionError } from '../options/checkOptions.ts'
import { Operator } from '../streams/Operator.ts'

/**
 * Shows each value to `look` and passes it on unchanged; waits when `look` returns a promise.
 *
 * @throws {LeadpipeError} OPTION when `look` is not a function.
 */
export function peek<T>(look: (value: T) => unknown): Operator<T, T> {
  if (typeof look !== 'function') {
    const received = describe(look)
    throw optionError({ owner: 'peek()', option: 'look', expected: 'a function', received })
  }
  return new Operator<T, T>([
    {
      name: 'peek',
      stateless: true,
      functions: [look],
      create: () => ({
        step(value: T, emit: (value: T) => void) {
          const looked = look(value)
          return isThenable(looked) ? Promise.resolve(looked).then(() => emit(value)) : emit(value)
        },
      }),
    },
  ])
}
