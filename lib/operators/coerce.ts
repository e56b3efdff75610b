import { convertValue } from '../crm/convertValue.ts'
import type { SideOutput, SideOutputs } from '../engine/definition.ts'
import { describe } from '../errors.ts'
import { checkOptions, type OptionRules, optionError } from '../options/checkOptions.ts'
import { choice, withDefault } from '../options/optionRule.ts'
import { quarantinedLead } from '../stage/Quarantined.ts'
import { Operator } from '../streams/Operator.ts'
import {
  checkInvalidOptions,
  type InvalidOptions,
  InvalidValues,
  invalidDefinition,
  invalidEquations,
  invalidLead,
  invalidRules,
  shownInvalid,
} from './invalidPolicy.ts'
import { changeAt, checkPath, type EachPath, type Rest } from './paths.ts'

/** The types that {@link coerce} converts to, by name. */
export interface CoercedTypes {
  /** A time in ISO 8601, in UTC, with milliseconds: "2012-01-31T08:15:00.000Z". */
  iso: string
  date: Date
  number: number
  boolean: boolean
}

/** The options of {@link coerce}. */
export interface CoerceOptions<Z extends 'time' | 'null' = 'time' | 'null'> extends InvalidOptions {
  /**
   * What the number 0 is for 'iso' and 'date': the Leads API of 2011 sends it for no time. 'time' converts it to
   * January 1, 1970; 'null' to null. Default: 'time'.
   */
  zeroTimes?: Z | undefined
}

const owner = 'coerce()'
/** What the options accept. */
export const coerceRules: OptionRules = {
  owner,
  options: { ...invalidRules, zeroTimes: withDefault('time', choice('time', 'null')) },
}

type Types = Readonly<Record<string, keyof CoercedTypes>>

/** M, with `never` for each path that T does not have. */
type KnownPaths<T, M> = { readonly [P in keyof M]: P extends EachPath<T> ? M[P] : never }

/** The entries of M for what is below the key K. */
type BelowKey<M, K extends string> = { [P in keyof M as Rest<P & string, K>]: M[P] }

type CoercedField<V, Kind, Z> = Kind extends keyof CoercedTypes
  ?
      | CoercedTypes[Kind]
      | (unknown extends V ? null | undefined : Extract<V, undefined>)
      | ([Extract<V, null | string>] extends [never] ? never : null)
      | (Z extends 'null' ? (Kind extends 'iso' | 'date' ? null : never) : never)
  : V

/** The type of the values that `coerce` makes of T. */
export type Coerced<T, M, Z> = unknown extends T
  ? Record<string, unknown>
  : [keyof M] extends [never]
    ? T
    : T extends readonly (infer Item)[]
      ? ('*' extends keyof M ? CoercedField<Item, M['*'], Z> : Coerced<Item, BelowKey<M, '*'>, Z>)[]
      : T extends object
        ? {
            [K in keyof T]: K extends keyof M
              ? CoercedField<T[K], M[K], Z>
              : Coerced<T[K], BelowKey<M, K & string>, Z>
          }
        : T

/**
 * Converts the values at some paths; `*` in a path stands for every item of an array.
 *
 * - 'iso', 'date': milliseconds since 1970, as a number or as text; a date ("2012-01-31", which is midnight in UTC) or a
 *   time with its zone in ISO 8601; a valid Date
 * - 'number': a number, or the text of one, if the number has the same digits
 * - 'boolean': true and false, 1 and 0, also as text, in small or capital letters
 *
 * What is missing stays missing. null and "", which the APIs send for no value, become null. If anything else can't be
 * converted, the whole value is invalid, and `onInvalid` says what happens, as in `validate`.
 *
 * @param types from dotted path to the type
 * @throws {LeadpipeError} OPTION for something else than a path or a type, and for a wrong option. The stream fails with
 * INVALID_LEAD, which has the place and the type, but not the person's data.
 *
 * @example
 * ```ts
 * coerce({ insertedAt: 'iso', 'leadConversionEvents.*.convertDate': 'iso' }, { zeroTimes: 'null' })
 * coerce({ 'properties.hs_lead_score': 'number' }, { onInvalid: 'quarantine', quarantine: 'rejected.ndjson' })
 * ```
 */
export function coerce<T, const M extends Types, const Z extends 'time' | 'null' = 'time'>(
  types: M & KnownPaths<T, M>,
  options?: CoerceOptions<Z>,
): Operator<T, Coerced<T, M, Z>>
export function coerce(types: Types, given?: CoerceOptions): Operator<unknown, unknown> {
  const fields = checkTypes(types)
  const options = checkOptions(given, coerceRules)
  checkInvalidOptions(owner, options)
  const { onInvalid, zeroTimes } = options
  const convert = (value: unknown, type: keyof CoercedTypes) =>
    value === 0 && zeroTimes === 'null' && isTime(type) ? null : converted(value, type)
  return new Operator<unknown, unknown>([
    {
      name: 'coerce',
      ...invalidDefinition(options),
      equations: invalidEquations,
      options: { types: Object.entries(types), zeroTimes, ...shownInvalid(options) },
      create(outputs?: SideOutputs<SideOutput>) {
        const invalid = new InvalidValues('coerce', options, outputs)
        return {
          step(value: unknown, emit: (value: unknown) => void) {
            const problems: { instancePath: string; keyword: string; message: string }[] = []
            const result = fields.reduce((before, { type, change }) => {
              return change(before, (found, instancePath) => {
                const after = convert(found, type)
                if (after === undefined && found !== undefined)
                  problems.push({
                    instancePath,
                    keyword: 'coerce',
                    message: `can't be converted to ${words[type]}`,
                  })
                return after
              })
            }, value)
            if (problems.length === 0) {
              invalid.counts.valid += 1
              emit(result)
              return
            }
            const failure = invalidLead(value, problems[0], false)
            if (onInvalid === 'fail') throw failure
            invalid.leaveOut(() => quarantinedLead(value, problems), failure.problem)
          },
          ...invalid.instance,
        }
      },
    },
  ])
}

const words: Readonly<Record<keyof CoercedTypes, string>> = {
  iso: 'a time',
  date: 'a time',
  number: 'a number with the same digits',
  boolean: 'true or false',
}

const isTime = (type: keyof CoercedTypes) => type === 'iso' || type === 'date'

/** undefined for a value that can't be converted, or is missing. */
function converted(value: unknown, type: keyof CoercedTypes): unknown {
  if (value === undefined) return undefined
  if (value instanceof Date) {
    if (!isTime(type) || Number.isNaN(value.getTime())) return undefined
    return type === 'iso' ? value.toISOString() : value
  }
  if (value !== null && !['string', 'number', 'boolean'].includes(typeof value)) return undefined
  if (type === 'number') {
    const number = convertValue(value, 'number', 'text')
    return number === null || Number.isFinite(number) ? number : undefined
  }
  if (type === 'boolean') {
    const flag = convertValue(value, 'bool', 'text')
    return flag === null || typeof flag === 'boolean' ? flag : undefined
  }
  const time = convertValue(value, 'datetime', 'text')
  if (time === null) return null
  if (typeof time !== 'string') return undefined
  return type === 'iso' ? time : new Date(time)
}

function checkTypes(types: unknown) {
  if (
    typeof types !== 'object' ||
    types === null ||
    Array.isArray(types) ||
    Object.keys(types).length === 0
  ) {
    const expected = 'an object of path to type'
    throw optionError({ owner, expected, received: describe(types) })
  }
  return Object.entries(types).map(([path, type]) => {
    if (!Object.hasOwn(words, type)) {
      const { expected } = choice(...Object.keys(words))
      throw optionError({ owner, option: path, expected, received: describe(type) })
    }
    return { type: type as keyof CoercedTypes, change: changeAt(checkPath(owner, path, path)) }
  })
}
