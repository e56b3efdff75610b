import { Ajv, type ErrorObject } from 'ajv'
import { isThenable } from '../async/promises.ts'
import { messageOf } from '../errors.ts'
import { type Lead, type LeadWithNulls, leadSchema, leadSchemaWithNulls } from '../lead/Lead.ts'
import { compileSchema } from '../options/ajv.ts'
import { checkOptions, type OptionRules, optionError } from '../options/checkOptions.ts'
import { choice, type OptionRule, withDefault } from '../options/optionRule.ts'
import { identifyingDigest } from '../stage/plainJson.ts'
import { quarantinedElement, quarantinedLead } from '../stage/Quarantined.ts'
import type { Rejected } from '../stage/Rejected.ts'
import { Operator } from '../streams/Operator.ts'
import {
  checkInvalidOptions,
  type FoundError,
  type InvalidOptions,
  InvalidValues,
  invalidDefinition,
  invalidEquations,
  invalidLead,
  invalidRules,
  shownInvalid,
} from './invalidPolicy.ts'
import { escaped } from './paths.ts'

/** How values are checked, and what happens to those that do not match the schema. */
export interface ValidateOptions extends InvalidOptions {
  /** A JSON Schema (draft-07), or a {@link StandardSchema}, such as one of Zod. Default: the lead's, `leadSchema`. */
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

/** A schema of a library that follows Standard Schema (https://standardschema.dev): Zod, Valibot, ArkType and others. */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined
  }
}

/** The value that the schema makes of a valid one, or the problems of an invalid one. */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] }

/** A problem that such a schema found. */
export interface StandardIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** The type of the values that a schema emits. */
export type StandardOutput<S extends StandardSchema> = NonNullable<S['~standard']['types']>['output']

const owner = 'validate()'

/** What the options accept. */
export const validateRules: OptionRules = {
  owner,
  options: {
    schema: {
      // The schemas of some libraries are functions.
      anyOf: [{ type: 'object' }, { instanceOf: 'Function' }],
      default: leadSchema,
      expected: 'a JSON Schema (an object), or a Standard Schema',
    },
    ajv: { type: 'object', required: ['compile'], expected: 'an Ajv' },
    ...invalidRules,
    nullFields: withDefault('reject', choice('keep', 'reject')),
  },
}

/**
 * Checks each value with Ajv, against the lead's schema or your own, and emits the values that match.
 *
 * With a JSON Schema of your own, the compiler does not know the type of the values: say it, as in
 * `validate<Customer>({ schema })`. With `nullFields: 'keep'`, the values are {@link LeadWithNulls}.
 *
 * A Standard Schema does know the type, and may be asynchronous. Emitted is what it makes of a value, as a schema may
 * convert it or leave out fields; the quarantine has the value as it came. A checkpoint does not notice that such a schema
 * was changed: change the `version` of the checkpoint options then.
 *
 * An INVALID_LEAD error holds the guid, the location and the rule, but not the person's data. Neither does it hold
 * the messages of a Standard Schema, which may repeat a value.
 *
 * @throws {LeadpipeError} OPTION for a wrong option or a schema that does not compile.
 *
 * @example
 * ```ts
 * validate({ onInvalid: 'skip' })
 * validate({ onInvalid: 'quarantine', quarantine: 'rejected.ndjson', maxInvalid: 0.01 })
 * validate<Customer>({ schema: customerSchema })
 * validate({ schema: z.object({ guid: z.string(), email: z.email() }) })
 * ```
 */
export function validate<T = Lead>(
  options?: ValidateOptions & { schema?: undefined; nullFields?: 'reject' | undefined },
): Operator<unknown, T>
export function validate<T = LeadWithNulls>(
  options: ValidateOptions & { schema?: undefined; nullFields: 'keep' },
): Operator<unknown, T>
export function validate<S extends StandardSchema>(
  options: ValidateOptions & { schema: S; nullFields?: undefined; ajv?: undefined },
): Operator<unknown, StandardOutput<S>>
export function validate<
  T = { readonly 'the type of these values is unknown: write validate<YourType>({ schema })': never },
>(options?: ValidateOptions): Operator<unknown, T>
export function validate<T>(options?: ValidateOptions): Operator<unknown, T> {
  const settings = checkValidate(options)
  const { schema, nullFields, ajv, onInvalid } = settings
  const isOurs = schema === leadSchema
  const standard = isStandard(schema) ? schema['~standard'] : undefined
  const matches = standard === undefined ? compiledSchema(settings) : undefined
  return new Operator<unknown, T>([
    {
      name: 'validate',
      acceptsRejected: onInvalid !== 'fail',
      // Such a schema, or a user's own Ajv, may convert values, or fill in defaults.
      preserves: ajv === undefined && standard === undefined,
      ...invalidDefinition(settings),
      equations: invalidEquations,
      options: {
        ...shownInvalid(settings),
        schema: isOurs
          ? 'lead'
          : standard === undefined
            ? identifyingDigest(schema)
            : { standard: standard.vendor },
        ...(nullFields === 'keep' ? { nullFields } : {}),
        ...(ajv === undefined ? {} : { ajv: true }),
      },
      create(outputs) {
        const invalid = new InvalidValues('validate', settings, outputs)
        const accept = (value: unknown, emit: (value: unknown) => void) => {
          invalid.counts.valid += 1
          emit(value)
        }
        const refuse = (value: unknown, problems: readonly FoundError[]) => {
          const failure = invalidLead(value, problems[0], isOurs && nullFields === 'reject')
          if (onInvalid === 'fail') throw failure
          invalid.leaveOut(() => quarantinedLead(value, problems), failure.problem)
        }
        return {
          step(value: unknown, emit: (value: unknown) => void) {
            if (matches !== undefined)
              return matches(value) ? accept(value, emit) : refuse(value, matches.errors ?? [])
            const conclude = (result: StandardResult<unknown>) =>
              result.issues === undefined
                ? accept(result.value, emit)
                : refuse(value, result.issues.map(problemOf))
            const result = (standard as StandardSchema['~standard']).validate(value)
            return isThenable(result) ? Promise.resolve(result).then(conclude) : conclude(result)
          },
          reject(rejected: Rejected) {
            invalid.counts.rejected += 1
            invalid.leaveOut(() => quarantinedElement(rejected), rejected.message)
          },
          ...invalid.instance,
        }
      },
    },
  ])
}

const isStandard = (schema: object): schema is StandardSchema => '~standard' in schema

/** An issue without its message, which may repeat a value; its code ("invalid_type") does not. */
function problemOf(issue: StandardIssue): FoundError {
  const { path = [], code, type } = issue as StandardIssue & { code?: unknown; type?: unknown }
  const keys = path.map(part => (typeof part === 'object' ? part.key : part))
  const rule = [code, type].find(word => typeof word === 'string' && /^[\w.-]{1,40}$/.test(word)) as
    | string
    | undefined
  return {
    instancePath: keys.map(key => `/${escaped(String(key))}`).join(''),
    keyword: rule ?? 'schema',
    message: rule === undefined ? 'does not match the schema' : `does not match the schema (${rule})`,
  }
}

type Settings = ValidateOptions &
  Required<Pick<ValidateOptions, 'onInvalid' | 'nullFields'>> & { schema: object }

function checkValidate(given?: ValidateOptions): Settings {
  const options = checkOptions(given, validateRules) as Settings
  const { schema, nullFields, ajv } = options
  if (typeof schema === 'function' && !isStandard(schema)) {
    const { expected } = validateRules.options.schema as OptionRule
    throw optionError({ owner, option: 'schema', expected, received: 'a function' })
  }
  if (ajv !== undefined && isStandard(schema)) {
    throw optionError({ owner, option: 'ajv', expected: 'none', with: { option: 'schema' }, received: 'one' })
  }
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

function compiledSchema({ schema, nullFields, ajv }: Settings): CompiledSchema {
  const checked = nullFields === 'keep' ? leadSchemaWithNulls() : schema
  return schema === leadSchema && ajv === undefined ? compileSchema(checked) : compile(ajv, checked)
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
