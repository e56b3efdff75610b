import { done } from '../engine/definition.ts'
import { describe } from '../errors.ts'
import { optionError } from '../options/checkOptions.ts'
import { Operator } from '../streams/Operator.ts'

/**
 * The first `count` values; under `run`, the source is stopped as soon as it has delivered them. In a plain
 * `pipeline`, a Transform can't stop its input: the rest is read and dropped. To limit the leads that are
 * downloaded, use `leads(client, { limit })`, which does not request more.
 *
 * @param count an integer, 0 or more
 * @throws {LeadpipeError} OPTION for another count.
 */
export function take<T>(count: number): Operator<T, T> {
  if (!Number.isSafeInteger(count) || count < 0) {
    const expected = 'an integer, 0 or more'
    throw optionError({ owner: 'take()', option: 'count', expected, received: describe(count) })
  }
  return new Operator<T, T>([
    {
      name: 'take',
      preserves: true,
      options: { count },
      create() {
        let taken = 0
        return {
          savesCheaply: true,
          step(value: T, emit: (value: T) => void) {
            if (taken >= count) return done
            taken += 1
            emit(value)
            return taken === count ? done : undefined
          },
          save: () => taken,
          restore(state: unknown) {
            taken = Number(state)
          },
        }
      },
    },
  ])
}
