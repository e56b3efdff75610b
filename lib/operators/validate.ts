import { createHash } from 'node:crypto'
import { Writable } from 'node:stream'
import { Ajv, type ErrorObject } from 'ajv'
import type { OperatorCounts } from '../engine/definition.ts'
import { identifyingText } from '../engine/plainJson.ts'
import { LeadpipeError, messageOf } from '../errors.ts'
import { type Lead, leadSchema } from '../lead/Lead.ts'
import { compileSchema } from '../options/ajv.ts'
import { checkOptions, type OptionRules, optionError, optionFailure } from '../options/checkOptions.ts'
import { type Quarantined, quarantinedElement, quarantinedLead } from '../stage/Quarantined.ts'
import type { Rejected } from '../stage/Rejected.ts'
import { type Equation, equation } from '../stage/Stage.ts'
import { Operator } from '../streams/Operator.ts'
import { invalidBudget } from './invalidBudget.ts'

/** How values are checked, and what happens to those that do not match the schema. */
export interface ValidateOptions {
  /** The JSON Schema (draft-07). Default: the lead's, `leadSchema`. */
  schema?: object | undefined
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

const rules: OptionRules = {
  owner: 'validate()',
  options: {
    schema: { type: 'object', expected: 'a JSON Schema (an object)' },
    ajv: { type: 'object', required: ['compile'], expected: 'an Ajv' },
    onInvalid: { enum: ['fail', 'skip', 'quarantine'], expected: '"fail", "skip" or "quarantine"' },
    quarantine: {
      anyOf: [
        { type: 'string', minLength: 1 },
        { type: 'object', required: ['write', 'end', 'writableObjectMode'] },
      ],
      expected: 'the path of a file, or an object-mode Writable',
    },
    maxInvalid: {
      anyOf: [
        { type: 'integer', minimum: 0 },
        { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 },
      ],
      expected: 'a whole number, 0 or more, or a share between 0 and 1',
    },
  },
}

/**
 * Checks each value with Ajv, against the lead's schema or your own, and emits the values that match.
 *
 * With a schema of your own, the compiler does not know the type of the values: say it, as in
 * `validate<Customer>({ schema })`.
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
export function validate<T = Lead>(options?: ValidateOptions & { schema?: undefined }): Operator<unknown, T>
export function validate<
  T = { readonly 'the type of these values is unknown: write validate<YourType>({ schema })': never },
>(options?: ValidateOptions): Operator<unknown, T>
export function validate<T>(options?: ValidateOptions): Operator<unknown, T> {
  const { schema = leadSchema, ajv, onInvalid = 'fail', quarantine, maxInvalid } = checkValidate(options)
  const matches = schema === leadSchema && ajv === undefined ? compileSchema(schema) : compile(ajv, schema)
  const budget = invalidBudget(maxInvalid)
  return new Operator<unknown, T>([
    {
      name: 'validate',
      acceptsRejected: onInvalid !== 'fail',
      ...(quarantine === undefined ? {} : { outputs: { quarantine } }),
      options: {
        onInvalid,
        schema: schema === leadSchema ? 'lead' : digestOf(schema),
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
            const failure = invalidLead(value, matches.errors?.[0])
            if (onInvalid === 'fail') throw failure
            leaveOut(() => quarantinedLead(value, matches.errors ?? []), failure.message)
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

function checkValidate(given?: ValidateOptions): ValidateOptions {
  const options = checkOptions(given, rules)
  const { onInvalid = 'fail', quarantine, maxInvalid } = options
  if (onInvalid === 'quarantine' && quarantine === undefined) {
    throw optionError('validate(): quarantine', `expected ${rules.options.quarantine?.expected}`, quarantine)
  }
  if (onInvalid !== 'quarantine' && quarantine !== undefined) {
    throw optionError('validate(): onInvalid', 'expected "quarantine" where there is a quarantine', onInvalid)
  }
  if (onInvalid === 'fail' && maxInvalid !== undefined) {
    throw optionError(
      'validate(): maxInvalid',
      'expected none where the first invalid lead fails',
      maxInvalid,
    )
  }
  if (quarantine instanceof Writable && !quarantine.writableObjectMode) {
    throw optionError(
      'validate(): quarantine',
      'expected an object-mode Writable',
      'one that takes bytes',
      true,
    )
  }
  return options
}

function compile(ajv: ValidateOptions['ajv'] = new Ajv(), schema: object): CompiledSchema {
  let compiled: CompiledSchema & { $async?: unknown }
  try {
    compiled = ajv.compile(schema)
  } catch (cause) {
    const message = `validate(): schema: expected a JSON Schema that compiles: ${messageOf(cause)}`
    throw optionFailure('validate(): schema', message, cause)
  }
  if (compiled.$async) {
    throw optionError('validate(): schema', 'expected a synchronous schema', 'one with $async', true)
  }
  return compiled
}

function invalidLead(value: unknown, error: ErrorObject | undefined): LeadpipeError {
  const guid = (value as { guid?: unknown } | undefined)?.guid
  const path = error?.instancePath || '/'
  const rule = error?.keyword ?? 'schema'
  const who = typeof guid === 'string' ? `lead ${guid}` : 'a lead without a guid'
  return new LeadpipeError(
    'INVALID_LEAD',
    `${who}: ${path} ${error?.message ?? 'does not match the schema'}`,
    {
      context: { ...(typeof guid === 'string' ? { guid } : {}), path, rule },
    },
  )
}
