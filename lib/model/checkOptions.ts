import { inspect } from 'node:util'
import { LeadpipeError } from '../errors.ts'
import { compileSchema } from './ajv.ts'

/**
 * What one option accepts: JSON Schema (with the keyword `instanceOf` for classes), and the same in words,
 * for the error message. `secret` keeps the received value out of it.
 */
export interface OptionRule {
  readonly expected: string
  readonly secret?: true
  readonly [keyword: string]: unknown
}

/** The options of one function, by name. */
export interface OptionRules {
  /** Who has these options, as the user wrote it, for example `leads() query`. */
  readonly owner: string
  readonly options: Readonly<Record<string, OptionRule>>
  /** Where names that users are likely to put here really belong. */
  readonly elsewhere?: Readonly<Record<string, string>>
}

const objectSchemas = new WeakMap<OptionRules, object>()

function objectSchema(rules: OptionRules): object {
  let schema = objectSchemas.get(rules)
  if (schema === undefined) {
    schema = { type: 'object', additionalProperties: false, properties: rules.options }
    objectSchemas.set(rules, schema)
  }
  return schema
}

/**
 * Checks the options that a user gave and returns those that are not undefined.
 *
 * @throws {LeadpipeError} OPTION, naming the option, the value received and what is expected.
 */
export function checkOptions<T extends object>(given: T | undefined, rules: OptionRules): T {
  if (given === undefined) return {} as T
  // Of a Map, a Date or URLSearchParams nothing would be read, and the user be none the wiser.
  if (Object.prototype.toString.call(given) !== '[object Object]') {
    const secret = Object.values(rules.options).some(rule => rule.secret)
    throw optionError(rules.owner, 'expected an object', secret ? typeOf(given) : given, secret)
  }
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as T
  const validate = compileSchema(objectSchema(rules))
  if (!validate(present)) throw firstProblem(present, rules, validate.errors?.[0])
  return present
}

function firstProblem(
  present: object,
  rules: OptionRules,
  error: { instancePath: string; keyword: string; params: Record<string, unknown> } | undefined,
): LeadpipeError {
  if (error?.keyword === 'additionalProperties' && error.instancePath === '') {
    return unknownOption(String(error.params.additionalProperty), rules)
  }
  const name = error?.instancePath.split('/')[1] ?? ''
  const rule = rules.options[name]
  const value = (present as Record<string, unknown>)[name]
  const received = rule?.secret ? typeOf(value) : value
  return optionError(`${rules.owner}: ${name}`, `expected ${rule?.expected}`, received, rule?.secret)
}

function unknownOption(name: string, rules: OptionRules): LeadpipeError {
  const { options, elsewhere = {} } = rules
  const hint = Object.hasOwn(elsewhere, name) ? elsewhere[name] : `it has: ${Object.keys(options).join(', ')}`
  return new LeadpipeError('OPTION', `${rules.owner}: unknown option ${JSON.stringify(name)}; ${hint}`, {
    context: { owner: rules.owner, option: name },
  })
}

/** An OPTION error that names the option, what is expected and, shortened, what was received. */
export function optionError(
  option: string,
  expected: string,
  received: unknown,
  verbatim = false,
): LeadpipeError {
  const shown = verbatim ? String(received) : describe(received)
  return new LeadpipeError('OPTION', `${option}: ${expected}, received ${shown}`, { context: { option } })
}

/** All that may be said of a secret. */
export const typeOf = (value: unknown): string => `a value of type ${typeof value}`

/** A value in a few words on one line, short enough for an error message. */
export function describe(value: unknown): string {
  const text = inspect(value, {
    depth: 1,
    compact: true,
    breakLength: Number.POSITIVE_INFINITY,
    maxStringLength: 60,
  })
  return text.length > 120 ? `${text.slice(0, 120)}…` : text
}
