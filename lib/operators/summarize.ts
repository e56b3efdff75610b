import { describe } from '../errors.ts'
import { checkOptions, type OptionRules, optionError } from '../options/checkOptions.ts'
import { integer } from '../options/optionRule.ts'
import { equation } from '../stage/Stage.ts'
import { Operator } from '../streams/Operator.ts'
import type { Path, ValueAt } from './paths.ts'
import { fieldsOf, type Mapping, shown } from './project.ts'

/** What {@link summarize} computes. Mappings are as for `project`: from new name to path or function. */
export interface SummarizeOptions<T, By, Sum, Min, Max, Count extends string> {
  /** The values that make a group: a list of paths, or a mapping. Default: one group for everything. */
  by?: (By & (readonly Path<T>[] | Mapping<T>)) | undefined
  /** The name of the field that has the number of values of the group. Default: 'count'. */
  count?: Count | undefined
  /** Sums of numbers. */
  sum?: (Sum & Mapping<T>) | undefined
  /** The smallest number, or the first text. */
  min?: (Min & Mapping<T>) | undefined
  /** The largest number, or the last text. */
  max?: (Max & Mapping<T>) | undefined
  /** The number of groups, 1 to 1,000,000; one more fails the run with OPERATOR. Default: 10,000. */
  maxGroups?: number | undefined
}

const owner = 'summarize()'
const selection = { expected: 'a mapping of new name to path or function' }
/** What the options accept. */
export const summarizeRules: OptionRules = {
  owner,
  options: {
    by: selection,
    count: {
      type: 'string',
      minLength: 1,
      not: { const: '__proto__' },
      default: 'count',
      expected: 'a name for a field',
    },
    sum: selection,
    min: selection,
    max: selection,
    maxGroups: integer({ min: 1, max: 1_000_000, default: 10_000 }),
  },
}

type Key<V> = Exclude<V, undefined> | (undefined extends V ? null : never)

type Keys<T, By> = By extends readonly (infer P extends string)[]
  ? { [K in P]: Key<ValueAt<T, K>> }
  : {
      -readonly [K in keyof By]: By[K] extends (value: never) => infer R
        ? Key<R>
        : By[K] extends string
          ? Key<ValueAt<T, By[K]>>
          : never
    }

/** The type of the record of a group. */
export type Summary<T, By, Sum, Min, Max, Count extends string> = Keys<T, By> & { [K in Count]: number } & {
  -readonly [K in keyof Sum]: number
} & { -readonly [K in keyof Min | keyof Max]: number | string | null }

/**
 * Counts values by group, and emits one record for each group after the last value, in the order in which the groups
 * appeared. Nothing is emitted if there are no values.
 *
 * A key is a text, a number or a boolean; null, and null in place of a missing one, is a key as well. Sums skip null, "" and missing
 * values, and so do min and max, which are null if nothing else was there. Anything that is not a number in a sum, and
 * numbers mixed with texts in min or max, fail the run with OPERATOR. Numbers are added in double precision; texts are compared by
 * their UTF-16 code units, as times in ISO 8601 may be.
 *
 * All groups are in memory, and in each save of a checkpoint.
 *
 * @throws {LeadpipeError} OPTION for a wrong option, and for two fields of the same name.
 *
 * @example
 * ```ts
 * summarize({ by: ['country'], sum: { total: 'crmDetails.annualRevenue' }, max: { latest: 'insertedAt' } })
 * summarize({ by: { form: 'conversionEvent.formName' }, count: 'submissions' })
 * ```
 */
export function summarize<
  T,
  const By = Record<never, never>,
  const Sum = Record<never, never>,
  const Min = Record<never, never>,
  const Max = Record<never, never>,
  const Count extends string = 'count',
>(options: SummarizeOptions<T, By, Sum, Min, Max, Count>): Operator<T, Summary<T, By, Sum, Min, Max, Count>>
export function summarize(
  given: SummarizeOptions<unknown, unknown, unknown, unknown, unknown, string>,
): Operator<unknown, unknown> {
  const { by, count, maxGroups, ...rest } = checkOptions(given, summarizeRules)
  const keys = by === undefined ? [] : fieldsOf(owner, by, 'by')
  const measures = (['sum', 'min', 'max'] as const).flatMap(kind => {
    const mapping = rest[kind]
    if (mapping === undefined) return []
    if (Array.isArray(mapping)) {
      throw optionError({ owner, option: kind, ...selection, received: describe(mapping) })
    }
    return fieldsOf(owner, mapping, kind).map(([name, read]) => ({ name, read, kind }))
  })
  refuseSameName([...keys.map(([name]) => name), count as string, ...measures.map(({ name }) => name)])
  const selections = Object.entries({ by, ...rest }).filter(([, fields]) => fields !== undefined)
  return new Operator<unknown, unknown>([
    {
      name: 'summarize',
      functions: selections.flatMap(([, fields]) =>
        Object.values(fields as object).filter(from => typeof from === 'function'),
      ),
      options: {
        ...Object.fromEntries(selections.map(([name, fields]) => [name, shown(fields as Mapping<unknown>)])),
        count,
        maxGroups,
      },
      equations: ({ in: into, own, unused = 0 }) => [
        equation('into summarize', 'summarized + unused', into, (own.summarized ?? 0) + unused),
      ],
      create() {
        const groups = new Map<string, Group>()
        let summarized = 0
        const groupOf = (value: unknown): Group => {
          const key = keys.map(([name, read]) => checkKey(name, read(value)))
          const text = JSON.stringify(key)
          let group = groups.get(text)
          if (group === undefined) {
            if (groups.size === maxGroups)
              throw new RangeError(`there are more than ${maxGroups} groups: give a higher { maxGroups }`)
            group = { key, count: 0, values: measures.map(({ kind }) => (kind === 'sum' ? 0 : null)) }
            groups.set(text, group)
          }
          return group
        }
        return {
          step(value: unknown) {
            // Read completely before anything is changed: a function may throw.
            const found = measures.map(({ read }) => read(value))
            const group = groupOf(value)
            group.values = measures.map(({ name, kind }, index) =>
              combined(name, kind, group.values[index], found[index]),
            )
            group.count += 1
            summarized += 1
          },
          flush(emit: (value: unknown) => void) {
            for (const { key, count: size, values } of groups.values()) {
              emit(
                Object.fromEntries([
                  ...keys.map(([name], index) => [name, key[index]]),
                  [count, size],
                  ...measures.map(({ name }, index) => [name, values[index]]),
                ]),
              )
            }
          },
          save: () => ({ groups: [...groups.values()], summarized }),
          restore(state: unknown) {
            const saved = state as { groups: Group[]; summarized: number }
            for (const group of saved.groups) groups.set(JSON.stringify(group.key), group)
            summarized = saved.summarized
          },
          counts: () => ({ summarized }),
        }
      },
    },
  ])
}

/** A group so far; plain JSON. */
interface Group {
  readonly key: readonly unknown[]
  count: number
  values: readonly (number | string | null)[]
}

function checkKey(name: string, value: unknown): unknown {
  if (value === undefined || value === null) return null
  if (typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)) return value
  throw new TypeError(`expected a text, a number or a boolean as the key "${name}", found ${kindOf(value)}`)
}

function combined(
  name: string,
  kind: 'sum' | 'min' | 'max',
  before: number | string | null | undefined,
  value: unknown,
): number | string | null {
  const current = before ?? null
  if (value === undefined || value === null || value === '') return current
  const isNumber = Number.isFinite(value)
  if (!isNumber && (kind === 'sum' || typeof value !== 'string')) {
    throw new TypeError(
      `expected ${kind === 'sum' ? 'a number' : 'a number or a text'} for "${name}", found ${kindOf(value)}`,
    )
  }
  if (kind === 'sum') {
    const sum = Number(current) + Number(value)
    if (!Number.isFinite(sum)) throw new RangeError(`the sum "${name}" is too large for a number`)
    return sum
  }
  const other = value as number | string
  if (current === null) return other
  if (typeof current !== typeof other)
    throw new TypeError(`found numbers and texts for "${name}", which can't be compared`)
  return (kind === 'min' ? other < current : other > current) ? other : current
}

const kindOf = (value: unknown) =>
  typeof value === 'number'
    ? String(value)
    : `a value of type ${Array.isArray(value) ? 'array' : typeof value}`

function refuseSameName(names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice === undefined) return
  throw optionError({
    owner,
    expected: 'a different name for each field',
    received: `${describe(twice)} for two of them`,
  })
}
