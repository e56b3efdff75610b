import type { SubmissionValue } from '../crm/FormSubmission.ts'
import type { ConversionEvent } from '../lead/leadParts.ts'
import { checkOptions, type OptionRules } from '../options/checkOptions.ts'
import { choice, withDefault } from '../options/optionRule.ts'
import { Operator } from '../streams/Operator.ts'
import { changeAt, removed, valueAt } from './paths.ts'

/** The options of {@link pivotFormValues}. */
export interface PivotOptions<
  F extends string = string,
  R extends 'join' | 'first' | 'last' | 'all' = 'join' | 'first' | 'last' | 'all',
  As extends string = string,
> {
  /**
   * The names of the form fields to keep, in this order: each record has all of them, null for one that its form does not
   * have. Default: the fields of each form.
   */
  fields?: readonly F[] | undefined
  /**
   * What becomes of a field that occurs several times, as each ticked box does: 'join' makes one text, joined by ";" as HubSpot does, without
   * empty ones; 'first' and 'last' keep one value; 'all' makes an array of every field. Default: 'join'.
   */
  repeated?: R | undefined
  /** The name of the field that holds the columns. Default: 'formValues'. */
  as?: As | undefined
}

/** What the options accept. */
export const pivotRules: OptionRules = {
  owner: 'pivotFormValues()',
  options: {
    fields: {
      type: 'array',
      items: { type: 'string', expected: 'the name of a form field' },
      minItems: 1,
      uniqueItems: true,
      expected: 'a list of different names of form fields',
    },
    repeated: withDefault('join', choice('join', 'first', 'last', 'all')),
    as: {
      type: 'string',
      minLength: 1,
      not: { const: '__proto__' },
      default: 'formValues',
      expected: 'a name for a field',
    },
  },
}

/** The type of the columns. */
export type FormColumns<F extends string, R> = { [K in F]: R extends 'all' ? string[] : string | null }

/** The type of the records that `pivotFormValues` makes of T. */
export type Pivoted<T, F extends string, R, As extends string> = (T extends { conversionEvent: infer Event }
  ? Omit<T, 'conversionEvent'> & { conversionEvent: Omit<Event, 'formSubmissionValues'> }
  : Omit<T, 'values'>) & { [K in As]: FormColumns<F, R> }

/**
 * Makes columns of the values of a form: one record for each submission, with an object of field name to value. After
 * `explodeEvents`, it takes the `formSubmissionValues` of the `conversionEvent`; from `formSubmissions()`, the `values`. `flatten`
 * makes fields such as `formValues.Email` of them.
 *
 * A value without a field name (some old forms have none) has the name of its label. To tell a text that contains ";" from several
 * values, use 'all'. A field `as` that the record already has is refused with OPERATOR.
 *
 * Form values repeat personal data: `mask` knows them before they are columns.
 *
 * @throws {LeadpipeError} OPTION for a wrong option.
 *
 * @example
 * ```ts
 * await run(leads(client), explodeEvents(), pivotFormValues({ fields: ['Email', 'Company'] }), flatten(), toFile('c.ndjson'))
 * ```
 */
export function pivotFormValues<
  T extends { conversionEvent: ConversionEvent } | { values: readonly SubmissionValue[] },
  const F extends string = string,
  const R extends 'join' | 'first' | 'last' | 'all' = 'join',
  const As extends string = 'formValues',
>(options?: PivotOptions<F, R, As>): Operator<T, Pivoted<T, F, R, As>>
export function pivotFormValues(given?: PivotOptions): Operator<never, unknown> {
  const { fields, repeated, as } = checkOptions(given, pivotRules) as PivotOptions & {
    repeated: string
    as: string
  }
  return new Operator<never, unknown>([
    {
      name: 'pivotFormValues',
      stateless: true,
      options: { ...(fields === undefined ? {} : { fields }), repeated, as },
      create: () => ({
        step(value: unknown, emit: (value: unknown) => void) {
          const { path, read, change } = valueAt('conversionEvent')(value) === undefined ? ofToday : of2011
          const typed = read(value) ?? []
          // Some portals send "" for an array that they do not have.
          const items = typed === '' ? [] : typed
          if (!Array.isArray(items))
            throw new TypeError(`expected an array at ${path}, found a value of type ${typeof items}`)
          const outer = change(value, () => removed) as object
          if (Object.hasOwn(outer, as))
            throw new TypeError(`the value already has a field "${as}": choose another with { as }`)
          emit({ ...outer, [as]: columnsOf(items) })
        },
      }),
    },
  ])

  function columnsOf(items: readonly unknown[]): object {
    const columns = new Map<string, unknown[]>((fields ?? []).map(name => [name, []]))
    for (const item of items) {
      const [name, value] = nameAndValue(item)
      const values = columns.get(name)
      if (values !== undefined) values.push(value)
      else if (fields === undefined) columns.set(name, [value])
    }
    return Object.fromEntries(Array.from(columns, ([name, values]) => [name, united(values, repeated)]))
  }
}

const places = (path: string) => ({ path, read: valueAt(path), change: changeAt(path) })
const of2011 = places('conversionEvent.formSubmissionValues')
const ofToday = places('values')

function nameAndValue(item: unknown): [name: string, value: unknown] {
  const { fieldName, fieldLabel, fieldValue, name, value } = (item ?? {}) as Record<string, unknown>
  return [String(fieldName || name || fieldLabel || ''), fieldValue ?? value ?? null]
}

function united(values: readonly unknown[], repeated: string): unknown {
  if (repeated === 'all') return values
  if (repeated === 'first') return values[0] ?? null
  if (repeated === 'last') return values.at(-1) ?? null
  const filled = values.filter(value => value !== null && value !== '')
  return filled.length > 1 ? filled.join(';') : (filled[0] ?? values[0] ?? null)
}
