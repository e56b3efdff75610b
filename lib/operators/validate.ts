import { createHash } from 'node:crypto'
import { Writable } from 'node:stream'
import { Ajv, type ErrorObject } from 'ajv'
import type { OperatorCounts } from '../engine/definition.ts'
import { describe, messageOf } from '../errors.ts'
import { type Lead, type LeadWithNulls, leadSchema, leadSchemaWithNulls } from '../lead/Lead.ts'
import { compileSchema } from '../options/ajv.ts'
import { checkOptions, type OptionRules, optionError } from '../options/checkOptions.ts'
import { choice, withDefault } from '../options/optionRule.ts'
import { identifyingText } from '../stage/plainJson.ts'
import { type Quarantined, quarantinedElement, quarantinedLead } from '../stage/Quarantined.ts'
import type { Rejected } from '../stage/Rejected.ts'
import { type Equation, equation } from '../stage/Stage.ts'
import { Operator } from '../streams/Operator.ts'
import { invalidBudget } from './invalidBudget.ts'
import { invalidLead } from './invalidLead.ts'

/** How values are checked, and what happens to those that do not match the schema. */
export interface ValidateOptions {
  /** The JSON Schema (draft-07). Default: the lead's, `leadSchema`. */
  schema?: object | undefined
  /**
   * Whether null and "" are valid in fields that the documentation shows with another value, in all but the guid: 'keep'
   * emits them as they came. Only for the lead's own schema. Default: 'reject'.
   */
  nullFields?: 'keep' | 'reject' | undefined
  /** An Ajv of your own to compile the schema with, for formats and keywords. Default: a strict Ajv. */
  ajv?: { compile(schema: object): CompiledSchema } | undefined
  /**
   * The action for an invalid value: 'fail' ends the run with INVALID_LEAD, 'skip' leaves the value out and counts
   * it in the report, 'quarantine' writes it to `quarantine`. Under `run`, the last two also apply to elements of a
   * body that are not leads, which otherwise fail the run with DECODE. Default: 'fail'.
   */
  onInvalid?: 'fail' | 'skip' | 'quarantine' | undefined
  /**
   * The destination of invalid values, as {@link Quarantined} records: the path of an NDJSON file (only under `run`,
   * which opens it), or an object-mode Writable such as a sink, which `run` ends. Required with 'quarantine'.
   */
  quarantine?: string | Writable | undefined
  /**
   * The number of values that may be invalid; one more fails the run with INVALID_LEAD. A count, or a share between
   * 0 and 1 of all values, which is checked from 1,000 values on and at the end. Default: any number.
   */
  maxInvalid?: number | undefined
}

/** The compiled schema that Ajv returns. */
export interface CompiledSchema {
  (value: unknown): unknown
  errors?: ErrorObject[] | null
}

const owner = 'validate()'
const quarantineRule = {
  anyOf: [
    { type: 'string', minLength: 1 },
    { type: 'object', required: ['write', 'end', 'writableObjectMode'] },
  ],
  expected: 'the path of a file, or an object-mode Writable',
} as const
/** What the options accept. */
export const validateRules: OptionRules = {
  owner,
  options: {
    schema: { type: 'object', default: leadSchema, expected: 'a JSON Schema (an object)' },
    ajv: { type: 'object', required: ['compile'], expected: 'an Ajv' },
    onInvalid: withDefault('fail', choice('fail', 'skip', 'quarantine')),
    quarantine: quarantineRule,
    maxInvalid: {
      anyOf: [
        { type: 'integer', minimum: 0 },
        { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 },
      ],
      expected: 'an integer, 0 or more, or a share between 0 and 1',
    },
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
  const { schema, nullFields, ajv, onInvalid, quarantine, maxInvalid } = checkValidate(options)
  const isOurs = schema === leadSchema
  const checked = nullFields === 'keep' ? leadSchemaWithNulls() : schema
  const matches = isOurs && ajv === undefined ? compileSchema(checked) : compile(ajv, checked)
  const budget = invalidBudget(maxInvalid)
  return new Operator<unknown, T>([
    {
      name: 'validate',
      acceptsRejected: onInvalid !== 'fail',
      // A user's own Ajv may convert values, or fill in defaults.
      preserves: ajv === undefined,
      ...(quarantine === undefined ? {} : { outputs: { quarantine } }),
      options: {
        onInvalid,
        schema: isOurs ? 'lead' : digestOf(schema),
        ...(nullFields === 'keep' ? { nullFields } : {}),
        ...(ajv === undefined ? {} : { ajv: true }),
        ...(maxInvalid === undefined ? {} : { maxInvalid }),
        ...(quarantine === undefined
          ? {}
          : { quarantine: typeof quarantine === 'string' ? quarantine : true }),
      },
      totals: ({ own: { skipped = 0, quarantined = 0 } }) => ({ skipped, quarantined }),
      equations,
      create(outputs) {
        const counts = { valid: 0, skipped: 0, quarantined: 0, rejected: 0 }
        const leaveOut = (record: () => Quarantined, why: string) => {
          if (outputs?.quarantine === undefined) counts.skipped += 1
          else {
            counts.quarantined += 1
            outputs.quarantine.write(record())
          }
          const invalid = counts.skipped + counts.quarantined
          budget.check(invalid, counts.valid + invalid, why)
        }
        return {
          step(value: unknown, emit: (value: unknown) => void) {
            if (matches(value)) {
              counts.valid += 1
              emit(value)
              return
            }
            const failure = invalidLead(value, matches.errors?.[0], isOurs && nullFields === 'reject')
            if (onInvalid === 'fail') throw failure
            leaveOut(() => quarantinedLead(value, matches.errors ?? []), failure.problem)
          },
          reject(rejected: Rejected) {
            counts.rejected += 1
            leaveOut(() => quarantinedElement(rejected), rejected.message)
          },
          flush() {
            const invalid = counts.skipped + counts.quarantined
            budget.checkAll(invalid, counts.valid + invalid)
          },
          savesCheaply: true,
          save: () => ({ ...counts }),
          restore(state: unknown) {
            Object.assign(counts, state)
          },
          counts: () => shown(counts),
        }
      },
    },
  ])
}

/** Every value is valid or was left out, and every valid one was emitted. */
function equations({ in: into, out, unused = 0, own }: OperatorCounts, rejected: number): Equation[] {
  const { valid = 0, skipped = 0, quarantined = 0 } = own
  const used = valid + skipped + quarantined + unused
  return [
    equation('into validate', 'valid + skipped + quarantined + unused', into + rejected, used),
    equation('valid in validate', 'out of validate', valid, out),
  ]
}

/** Distinguishes schemas. For a user's own compiler, a schema may be more than JSON. */
function digestOf(schema: object): string {
  return createHash('sha256').update(identifyingText(schema)).digest('hex').slice(0, 16)
}

/** Counts that are 0 because of the chosen policy are omitted. */
function shown({ valid, skipped, quarantined, rejected }: Record<string, number>): Record<string, number> {
  return {
    valid: valid as number,
    skipped: skipped as number,
    ...(quarantined ? { quarantined } : {}),
    ...(rejected ? { rejected } : {}),
  }
}

type Settings = ValidateOptions &
  Required<Pick<ValidateOptions, 'onInvalid' | 'nullFields'>> & { schema: object }

function checkValidate(given?: ValidateOptions): Settings {
  const options = checkOptions(given, validateRules) as Settings
  const { schema, nullFields, onInvalid, quarantine, maxInvalid } = options
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
  if (onInvalid === 'quarantine' && quarantine === undefined) {
    const other = { option: 'onInvalid', value: onInvalid }
    const { expected } = quarantineRule
    throw optionError({ owner, option: 'quarantine', expected, with: other, received: 'none' })
  }
  if (onInvalid !== 'quarantine' && quarantine !== undefined) {
    const other = { option: 'quarantine' }
    const received = describe(onInvalid)
    throw optionError({ owner, option: 'onInvalid', expected: '"quarantine"', with: other, received })
  }
  if (onInvalid === 'fail' && maxInvalid !== undefined) {
    const other = { option: 'onInvalid', value: onInvalid }
    const received = String(maxInvalid)
    throw optionError({ owner, option: 'maxInvalid', expected: 'none', with: other, received })
  }
  if (quarantine instanceof Writable && !quarantine.writableObjectMode) {
    const received = 'one that takes bytes'
    throw optionError({ owner, option: 'quarantine', expected: 'an object-mode Writable', received })
  }
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
