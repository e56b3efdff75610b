import { createHash } from 'node:crypto'
import { describe } from '../errors.ts'
import { checkOptions, type OptionRules, optionError } from '../options/checkOptions.ts'
import { integer } from '../options/optionRule.ts'
import { equation } from '../stage/Stage.ts'
import { Operator } from '../streams/Operator.ts'
import { checkPath, type Path, valueAt } from './paths.ts'

/** How many keys {@link dedupe} remembers: give `last`, or `exact`. */
export interface DedupeOptions {
  /** Compares each key with this many, those that occurred last; 1 to 5,000,000. */
  last?: number | undefined
  /** True compares each key with all before it. */
  exact?: true | undefined
  /** With `exact`: the number of different keys, 1 to 5,000,000; one more fails the run with OPERATOR. Default: 1,000,000. */
  maxKeys?: number | undefined
}

const owner = 'dedupe()'
const most = 5_000_000

/** What the options accept. */
export const dedupeRules: OptionRules = {
  owner,
  options: {
    last: integer({ min: 1, max: most }),
    exact: { const: true, expected: 'true' },
    maxKeys: integer({ min: 1, max: most, default: 1_000_000 }),
  },
}

/**
 * Leaves out a value whose key occurred before. Keys are texts, numbers or booleans; 1 and "1" are different. A value
 * without a key (undefined, null or "") can't be compared, and is emitted.
 *
 * Each key is remembered as a digest of 128 bits, which takes about 100 bytes of memory, and 25 bytes in a checkpoint:
 * 1,000,000 keys are about 100 MB, and 25 MB in each save. A checkpoint contains no key.
 *
 * @param key dotted path of the key, or a function that returns it
 * @throws {LeadpipeError} OPTION for a wrong key or option, and unless exactly one of `last` and `exact` is given. The
 * stream fails with OPERATOR for a key of another type, and beyond `maxKeys`.
 *
 * @example
 * ```ts
 * dedupe('guid', { last: 10_000 })
 * dedupe((lead: Lead) => lead.email?.toLowerCase(), { exact: true, maxKeys: 200_000 })
 * ```
 */
export function dedupe<T>(
  key: Path<T> | ((value: T) => unknown),
  options: { last: number } | { exact: true; maxKeys?: number | undefined },
): Operator<T, T>
export function dedupe<T>(key: string | ((value: T) => unknown), given: DedupeOptions): Operator<T, T> {
  const isFunction = typeof key === 'function'
  const keyOf = isFunction ? key : valueAt(checkPath(owner, 'key', key))
  const { last, exact, maxKeys } = checkDedupe(given)
  return new Operator<T, T>([
    {
      name: 'dedupe',
      preserves: !isFunction,
      functions: isFunction ? [key] : [],
      options: { key: isFunction ? { function: true } : key, ...(exact ? { exact, maxKeys } : { last }) },
      equations: ({ in: into, out, own, unused = 0 }) => [
        equation('into dedupe', 'out + repeated + unused', into, out + (own.repeated ?? 0) + unused),
      ],
      create() {
        /** In the order in which the keys occurred last. */
        let digests = new Set<string>()
        // One iterator for all: a new one would go past all that were deleted, each time.
        let oldestFirst = digests.values()
        let repeated = 0
        const remember = (digest: string) => {
          digests.add(digest)
          if (last === undefined) {
            if (digests.size > (maxKeys as number)) throw new RangeError(tooMany)
          } else if (digests.size > last) {
            digests.delete(oldestFirst.next().value as string)
          }
        }
        const tooMany = `there are more than ${maxKeys} different keys: give a higher { maxKeys }, or { last }`
        return {
          step(value: T, emit: (value: T) => void) {
            const digest = digestOf(keyOf(value))
            if (digest === undefined) return emit(value)
            const isRepeated = last === undefined ? digests.has(digest) : digests.delete(digest)
            if (!isRepeated || last !== undefined) remember(digest)
            if (isRepeated) repeated += 1
            else emit(value)
          },
          save: () => ({ digests: [...digests], repeated }),
          restore(state: unknown) {
            const saved = state as { digests: string[]; repeated: number }
            digests = new Set(saved.digests)
            oldestFirst = digests.values()
            repeated = saved.repeated
          },
          counts: () => ({ repeated }),
        }
      },
    },
  ])
}

function digestOf(key: unknown): string | undefined {
  if (key === undefined || key === null || key === '') return undefined
  if (!['string', 'number', 'boolean', 'bigint'].includes(typeof key)) {
    throw new TypeError(
      `expected a text, a number or a boolean as the key, found a value of type ${typeof key}`,
    )
  }
  const text = `${typeof key} ${key}`
  return createHash('sha256').update(text).digest('base64url').slice(0, 22)
}

function checkDedupe(given: DedupeOptions): DedupeOptions {
  const options = checkOptions(given, dedupeRules)
  const { last, exact } = options
  if ((last === undefined) === (exact === undefined)) {
    throw optionError({ owner, expected: 'either last or exact', received: describe(given) })
  }
  if (last !== undefined && given.maxKeys !== undefined) {
    const other = { option: 'last', value: last }
    const received = describe(given.maxKeys)
    throw optionError({ owner, option: 'maxKeys', expected: 'none', with: other, received })
  }
  return options
}
