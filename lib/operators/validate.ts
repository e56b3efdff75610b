import { Ajv, type ErrorObject } from 'ajv'
import { LeadpipeError } from '../errors.ts'
import { compileSchema } from '../model/ajv.ts'
import { checkOptions, type OptionRules } from '../model/checkOptions.ts'
import { type Lead, leadSchema } from '../model/Lead.ts'
import { messageOf } from './kernel/messageOf.ts'
import { Operator } from './kernel/Operator.ts'

/** How values are checked, and what happens to those that do not match. */
export interface ValidateOptions {
  /** The JSON Schema (draft-07). Default: the lead's, `leadSchema`. */
  schema?: object
  /** An Ajv of your own to compile the schema with, for formats and keywords. Default: a strict Ajv. */
  ajv?: { compile(schema: object): CompiledSchema }
  /**
   * What an invalid value does: 'fail' ends the run with INVALID_LEAD, 'skip' leaves the value out and counts
   * it in the report. Default: 'fail'.
   */
  onInvalid?: 'fail' | 'skip'
}

/** What Ajv compiles a schema to. */
export interface CompiledSchema {
  (value: unknown): unknown
  errors?: ErrorObject[] | null
}

const rules: OptionRules = {
  owner: 'validate()',
  options: {
    schema: { type: 'object', expected: 'a JSON Schema (an object)' },
    ajv: { type: 'object', required: ['compile'], expected: 'an Ajv' },
    onInvalid: { enum: ['fail', 'skip'], expected: '"fail" or "skip"' },
  },
}

/**
 * Checks each value with Ajv, against the lead's schema or one of your own, and hands on those that match.
 *
 * An INVALID_LEAD error tells the guid, the place and the rule, not the person's data.
 *
 * @throws {LeadpipeError} OPTION for a wrong option or a schema that does not compile.
 *
 * @example
 * ```ts
 * validate({ onInvalid: 'skip' })
 * validate<Customer>({ schema: customerSchema })
 * ```
 */
export function validate<T = Lead>(options?: ValidateOptions): Operator<unknown, T> {
  const { schema = leadSchema, ajv, onInvalid = 'fail' } = checkOptions(options, rules)
  const matches = schema === leadSchema && ajv === undefined ? compileSchema(schema) : compile(ajv, schema)
  return new Operator<unknown, T>([
    {
      name: 'validate',
      create() {
        let valid = 0
        let skipped = 0
        return {
          step(value: unknown, emit: (value: unknown) => void) {
            if (matches(value)) {
              valid += 1
              emit(value)
            } else if (onInvalid === 'skip') {
              skipped += 1
            } else {
              throw invalidLead(value, matches.errors?.[0])
            }
          },
          save: () => ({ valid, skipped }),
          restore(state: unknown) {
            ;({ valid, skipped } = state as { valid: number; skipped: number })
          },
          counts: () => ({ valid, skipped }),
        }
      },
    },
  ])
}

function compile(ajv: ValidateOptions['ajv'] = new Ajv(), schema: object): CompiledSchema {
  let compiled: CompiledSchema & { $async?: unknown }
  try {
    compiled = ajv.compile(schema)
  } catch (cause) {
    const message = `validate(): schema: expected a JSON Schema that compiles: ${messageOf(cause)}`
    throw new LeadpipeError('OPTION', message, { cause })
  }
  if (compiled.$async) {
    throw new LeadpipeError(
      'OPTION',
      'validate(): schema: expected a synchronous schema, received one with $async',
    )
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
