import { createHash } from 'node:crypto'
import { Ajv, type ErrorObject } from 'ajv'
import { messageOf } from '../errors.ts'
import { type Lead, type LeadWithNulls, leadSchema, leadSchemaWithNulls } from '../lead/Lead.ts'
import { compileSchema } from '../options/ajv.ts'
import { checkOptions, type OptionRules, optionError } from '../options/checkOptions.ts'
import { choice, withDefault } from '../options/optionRule.ts'
import { identifyingText } from '../stage/plainJson.ts'
import { quarantinedElement, quarantinedLead } from '../stage/Quarantined.ts'
import type { Rejected } from '../stage/Rejected.ts'
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

/** How values are checked, and what happens to those that do not match the schema. */
export interface ValidateOptions extends InvalidOptions {
  /** The JSON Schema (draft-07). Default: the lead's, `leadSchema`. */
  schema?: object | undefined
  /**
   * Whether null and "" are valid in fields that the documentation shows with another value, in all but the guid: 'keep'
   * emits them as they came. Only for the lead's own schema. Default: 'reject'.
   */
  nullFields?: 'keep' | 'reject' | undefined
  /** An Ajv of your own to compile the schema with, for formats and keywords. Default: a strict Ajv. */
  ajv?: { compile(schema: object): CompiledSchema } | undefined
}

/** The compiled schema that Ajv returns. */
export interface CompiledSchema {
  (value: unknown): unknown
  errors?: ErrorObject[] | null
}

const owner = 'validate()'

/** What the options accept. */
export const validateRules: OptionRules = {
  owner,
  options: {
    schema: { type: 'object', default: leadSchema, expected: 'a JSON Schema (an object)' },
    ajv: { type: 'object', required: ['compile'], expected: 'an Ajv' },
    ...invalidRules,
    nullFields: withDefault('reject', choice('keep', 'reject')),
  },
}

/**
 * Checks each value with Ajv, against the lead's schema or your own, and emits the values that match.
 *
 * With a schema of your own, the compiler does not know the type of the values: say it, as in
 * `validate<Customer>({ schema })`. With `nullFields: 'keep'`, the values are {@link LeadWithNulls}.
 *
 * An INVALID_LEAD error holds the guid, the location and the rule, but not the person's data.
 *
 * @throws {LeadpipeError} OPTION for a wrong option or a schema that does not compile.
 *
 * @example
 * ```ts
 * validate({ onInvalid: 'skip' })
 * validate({ onInvalid: 'quarantine', quarantine: 'rejected.ndjson', maxInvalid: 0.01 })
 * validate<Customer>({ schema: customerSchema })
 * ```
 */
export function validate<T = Lead>(
  options?: ValidateOptions & { schema?: undefined; nullFields?: 'reject' | undefined },
): Operator<unknown, T>
export function validate<T = LeadWithNulls>(
  options: ValidateOptions & { schema?: undefined; nullFields: 'keep' },
): Operator<unknown, T>
export function validate<
  T = { readonly 'the type of these values is unknown: write validate<YourType>({ schema })': never },
>(options?: ValidateOptions): Operator<unknown, T>
export function validate<T>(options?: ValidateOptions): Operator<unknown, T> {
  const settings = checkValidate(options)
  const { schema, nullFields, ajv, onInvalid } = settings
  const isOurs = schema === leadSchema
  const checked = nullFields === 'keep' ? leadSchemaWithNulls() : schema
  const matches = isOurs && ajv === undefined ? compileSchema(checked) : compile(ajv, checked)
  return new Operator<unknown, T>([
    {
      name: 'validate',
      acceptsRejected: onInvalid !== 'fail',
      // A user's own Ajv may convert values, or fill in defaults.
      preserves: ajv === undefined,
      ...invalidDefinition(settings),
      equations: invalidEquations,
      options: {
        ...shownInvalid(settings),
        schema: isOurs ? 'lead' : schemaDigest(schema),
        ...(nullFields === 'keep' ? { nullFields } : {}),
        ...(ajv === undefined ? {} : { ajv: true }),
      },
      create(outputs) {
        const invalid = new InvalidValues('validate', settings, outputs)
        return {
          step(value: unknown, emit: (value: unknown) => void) {
            if (matches(value)) {
              invalid.counts.valid += 1
              emit(value)
              return
            }
            const failure = invalidLead(value, matches.errors?.[0], isOurs && nullFields === 'reject')
            if (onInvalid === 'fail') throw failure
            invalid.leaveOut(() => quarantinedLead(value, matches.errors ?? []), failure.problem)
          },
          reject(rejected: Rejected) {
            invalid.counts.rejected += 1
            invalid.leaveOut(() => quarantinedElement(rejected), rejected.message)
          },
          flush() {
            invalid.checkAll()
          },
          savesCheaply: true,
          save: () => invalid.save(),
          restore(state: unknown) {
            invalid.restore(state)
          },
          counts: () => invalid.shown,
        }
      },
    },
  ])
}

/** Distinguishes schemas. For a user's own compiler, a schema may be more than JSON. */
export function schemaDigest(schema: object): string {
  return createHash('sha256').update(identifyingText(schema)).digest('hex').slice(0, 16)
}

type Settings = ValidateOptions &
  Required<Pick<ValidateOptions, 'onInvalid' | 'nullFields'>> & { schema: object }

function checkValidate(given?: ValidateOptions): Settings {
  const options = checkOptions(given, validateRules) as Settings
  const { schema, nullFields } = options
  if (nullFields === 'keep' && schema !== leadSchema) {
    const other = { option: 'nullFields', value: nullFields }
    throw optionError({
      owner,
      option: 'schema',
      expected: 'none',
      with: other,
      received: 'a schema of your own',
    })
  }
  checkInvalidOptions(owner, options)
  return options
}

function compile(ajv: ValidateOptions['ajv'] = new Ajv(), schema: object): CompiledSchema {
  let compiled: CompiledSchema & { $async?: unknown }
  try {
    compiled = ajv.compile(schema)
  } catch (cause) {
    const received = `one that does not: ${messageOf(cause)}`
    throw optionError({ owner, option: 'schema', expected: 'a JSON Schema that compiles', received }, cause)
  }
  if (compiled.$async) {
    const expected = 'a synchronous schema'
    throw optionError({ owner, option: 'schema', expected, received: 'one with $async' })
  }
  return compiled
}
