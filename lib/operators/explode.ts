import type { ConversionEvent, FormSubmissionValue } from '../lead/leadParts.ts'
import { checkOptions, type OptionRules } from '../options/checkOptions.ts'
import { Operator } from '../streams/Operator.ts'
import { type ArrayPath, changeAt, checkPath, type ItemAt, removed, valueAt, type Without } from './paths.ts'

/** The options of `explode`. */
export interface ExplodeOptions<As extends string = string, Keep extends boolean = boolean> {
  /** The name of the field that holds the item. Default: the last part of the path. */
  as?: As | undefined
  /** True keeps a value with an empty or missing array (or null or ""), as one record without an item. Default: false. */
  keepEmpty?: Keep | undefined
}

type LastPart<P extends string> = P extends `${string}.${infer Rest}` ? LastPart<Rest> : P

/** The type of the records that `explode` makes of T. */
export type Exploded<T, P extends string, As extends string, Keep extends boolean> = Without<T, P> &
  (Keep extends true ? { [K in As]?: ItemAt<T, P> } : { [K in As]: ItemAt<T, P> })

/** What the options accept. */
export const explodeRules: OptionRules = {
  owner: 'explode()',
  options: {
    as: { type: 'string', minLength: 1, not: { const: '__proto__' }, expected: 'a name for a field' },
    keepEmpty: { type: 'boolean', default: false, expected: 'true or false' },
  },
}

/**
 * One record for each item of the array at `path`: the value without that array, plus the item in a field of its
 * own. A field name that the value already has is refused with OPERATOR, because a field would be lost.
 *
 * @param path dotted path of the array
 * @throws {LeadpipeError} OPTION for a wrong path or option.
 *
 * @example
 * ```ts
 * explode('leadConversionEvents', { as: 'conversionEvent' })
 * ```
 */
export function explode<
  T,
  const P extends ArrayPath<T>,
  const As extends string = LastPart<P>,
  const Keep extends boolean = false,
>(path: P, options?: ExplodeOptions<As, Keep>): Operator<T, Exploded<T, P, As, Keep>> {
  return explodeAs('explode', path, options)
}

/**
 * One record for each conversion event of a lead: the lead without leadConversionEvents, plus `conversionEvent`. A
 * lead without events emits no record. `run` refuses the operator with OPTION when the query excludes conversion
 * events.
 */
export function explodeEvents<
  T extends { leadConversionEvents?: readonly ConversionEvent[] | undefined },
>(): Operator<T, Omit<T, 'leadConversionEvents'> & { conversionEvent: ConversionEvent }> {
  return explodeAs('explodeEvents', 'leadConversionEvents', { as: 'conversionEvent' }, 'leadConversionEvents')
}

/**
 * After `explodeEvents`: one record for each submitted form field: the record with `conversionEvent` without its
 * formSubmissionValues, plus `formValue`. An event without values emits no record.
 *
 * Form values repeat personal data, such as names and email addresses: also in records without those fields.
 */
export function explodeFormValues<T extends { conversionEvent: ConversionEvent }>(): Operator<
  T,
  Omit<T, 'conversionEvent'> & {
    conversionEvent: Omit<ConversionEvent, 'formSubmissionValues'>
    formValue: FormSubmissionValue
  }
> {
  return explodeAs('explodeFormValues', 'conversionEvent.formSubmissionValues', { as: 'formValue' })
}

/** `explode` under another verb, for the report, and with the field that it needs from the query. */
function explodeAs<In, Out>(
  name: string,
  path: string,
  options?: ExplodeOptions,
  needs?: 'leadConversionEvents',
): Operator<In, Out> {
  const lastKey = checkPath(`${name}()`, 'path', path).split('.').at(-1) as string
  const { as = lastKey, keepEmpty = false } = checkOptions(options, {
    ...explodeRules,
    owner: `${name}()`,
  })
  const itemsAt = valueAt(path)
  const change = changeAt(path)
  return new Operator<In, Out>([
    {
      name,
      ...(needs === undefined ? {} : { needs }),
      stateless: true,
      options: { path, as, keepEmpty },
      create: () => ({
        step(value: unknown, emit: (value: unknown) => void) {
          const found = itemsAt(value) ?? []
          // Some portals send "" for an array that they do not have.
          const items = found === '' ? [] : found
          if (!Array.isArray(items)) {
            const kind = typeof items === 'object' ? 'an object' : `a ${typeof items}`
            throw new TypeError(`expected an array at ${path}, found ${kind}`)
          }
          if (items.length === 0 && !keepEmpty) return
          const outer = change(value, () => removed) as object
          if (Object.hasOwn(outer, as))
            throw new TypeError(`the value already has a field "${as}": choose another with { as }`)
          if (items.length === 0) emit(outer)
          for (const item of items) emit({ ...outer, [as]: item })
        },
      }),
    },
  ])
}
