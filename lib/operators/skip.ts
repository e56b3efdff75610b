import { describe } from '../errors.ts'
import { optionError } from '../options/checkOptions.ts'
import { Operator } from '../streams/Operator.ts'

/**
 * Leaves out the first `count` values, and emits the others.
 *
 * @param count an integer, 0 or more
 * @throws {LeadpipeError} OPTION for another count.
 */
export function skip<T>(count: number): Operator<T, T> {
  if (!Number.isSafeInteger(count) || count < 0) {
    const expected = 'an integer, 0 or more'
    throw optionError({ owner: 'skip()', option: 'count', expected, received: describe(count) })
  }
  return new Operator<T, T>([
    {
      name: 'skip',
      preserves: true,
      options: { count },
      create() {
        let skipped = 0
        return {
          savesCheaply: true,
          step(value: T, emit: (value: T) => void) {
            if (skipped === count) emit(value)
            else skipped += 1
          },
          save: () => skipped,
          restore(state: unknown) {
            skipped = Number(state)
          },
        }
      },
    },
  ])
}
