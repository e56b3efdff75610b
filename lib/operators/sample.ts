import { describe } from '../errors.ts'
import { checkOptions, type OptionRules, optionError } from '../options/checkOptions.ts'
import { integer, number } from '../options/optionRule.ts'
import { Operator } from '../streams/Operator.ts'

/** The values that {@link sample} keeps: give `every` or `share`. */
export interface SampleOptions {
  /** Keeps the first value of each group of this many; 1 or more. */
  every?: number | undefined
  /** Keeps each value with this probability, 0 to 1. */
  share?: number | undefined
  /**
   * Decides which values `share` keeps: with the same seed, values at the same places are kept in every run. 0 to
   * 4,294,967,295. Default: 1.
   */
  seed?: number | undefined
}

const owner = 'sample()'
/** What the options accept. */
export const sampleRules: OptionRules = {
  owner,
  options: {
    every: integer({ min: 1 }),
    share: number({ min: 0, max: 1 }),
    seed: integer({ min: 0, max: 0xffff_ffff, default: 1 }),
  },
}

/**
 * Emits a part of the values: every n-th one, beginning with the first, or a share of them, chosen by a seed. The
 * choice depends on a value's place in the stream alone. So a run that resumes keeps the same values.
 *
 * @throws {LeadpipeError} OPTION for a wrong option, and unless exactly one of `every` and `share` is given.
 *
 * @example
 * ```ts
 * sample({ every: 100 })
 * sample({ share: 0.01, seed: 2011 })
 * ```
 */
export function sample<T>(
  options: { every: number } | { share: number; seed?: number | undefined },
): Operator<T, T>
export function sample<T>(given: SampleOptions): Operator<T, T> {
  const { every, share, seed } = checkOptions(given ?? {}, sampleRules)
  if ((every === undefined) === (share === undefined)) {
    throw optionError({ owner, expected: 'either every or share', received: describe(given) })
  }
  if (every !== undefined && given.seed !== undefined) {
    const other = { option: 'every', value: every }
    throw optionError({ owner, option: 'seed', expected: 'none', with: other, received: describe(seed) })
  }
  const isKept =
    every === undefined
      ? (place: number) => fraction(seed as number, place) < (share as number)
      : (place: number) => place % every === 0
  return new Operator<T, T>([
    {
      name: 'sample',
      preserves: true,
      options: every === undefined ? { share, seed } : { every },
      create() {
        let place = 0
        return {
          savesCheaply: true,
          step(value: T, emit: (value: T) => void) {
            const keep = isKept(place)
            place += 1
            if (keep) emit(value)
          },
          save: () => place,
          restore(state: unknown) {
            place = Number(state)
          },
        }
      },
    },
  ])
}

/** A number from 0 up to 1 that looks random: the mixing function of SplitMix32 and MurmurHash3, applied to a place. */
function fraction(seed: number, place: number): number {
  const high = Math.floor(place / 0x1_0000_0000)
  return mixed(mixed(mixed(seed) ^ high) + place) / 0x1_0000_0000
}

function mixed(bits: number): number {
  let hash = (bits + 0x9e37_79b9) | 0
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
