import type { ErrorObject } from 'ajv'
import { describe, LeadpipeError } from '../errors.ts'
import { compileSchema } from './ajv.ts'
import type { OptionRule } from './optionRule.ts'

/** The options of one function, by name. */
export interface OptionRules {
  /** The owner of the options as the user knows it, for example `leads()`. */
  readonly owner: string
  readonly options: Readonly<Record<string, OptionRule>>
  /** For names that users are likely to put here by mistake: a hint where they belong. */
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
 * Checks a user's options and returns those that are not undefined.
 *
 * @throws {LeadpipeError} OPTION, with the option, the received value and what is expected.
 */
export function checkOptions<T extends object>(given: T | undefined, rules: OptionRules): T {
  if (given === undefined) return {} as T
  // A Map, a Date or URLSearchParams has no option keys: without this check it would be ignored silently.
  if (Object.prototype.toString.call(given) !== '[object Object]') {
    const secret = Object.values(rules.options).some(rule => rule.secret)
    throw optionError(rules.owner, 'expected an object', secret ? typeOf(given) : given, secret)
  }
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as T
  const validate = compileSchema(objectSchema(rules))
  if (!validate(present)) throw refusal(present, rules, validate.errors ?? [])
  return present
}

function refusal(present: object, rules: OptionRules, errors: readonly ErrorObject[]): LeadpipeError {
  const { path, value, rule, known } = deepestProblem(errors, present, rules.options)
  if (known !== undefined) return unknownOption(path, known, rules)
  const isSecret = rule.secret ?? rules.options[path[0] as string]?.secret
  const received = isSecret ? typeOf(value) : value
  return optionError(`${rules.owner}: ${path.join('.')}`, `expected ${rule.expected}`, received, isSecret)
}

function unknownOption(path: readonly string[], known: readonly string[], rules: OptionRules): LeadpipeError {
  const { owner, elsewhere = {} } = rules
  const name = path.join('.')
  const group = path.length === 1 ? 'it' : path.slice(0, -1).join('.')
  const hint = Object.hasOwn(elsewhere, name) ? elsewhere[name] : `${group} has: ${known.join(', ')}`
  return new LeadpipeError('OPTION', `${owner}: unknown option ${JSON.stringify(name)}; ${hint}`, {
    context: { owner, option: name },
  })
}

/**
 * An OPTION error with the option, what is wrong with it and the received value, shortened.
 *
 * @param where the owner and the name of the option, as in "HubSpotClient: retry.minDelay" or "filter() predicate";
 * the context has both, as `owner` and `option`
 * @param received the value, if it may be shown; `verbatim` if it is already text for the message
 */
export function optionError(
  where: string,
  problem: string,
  ...received: [] | [value: unknown, verbatim?: boolean | undefined]
): LeadpipeError {
  const [value, verbatim = false] = received
  const shown = verbatim ? String(value) : describe(value)
  const message = `${where}: ${problem}${received.length === 0 ? '' : `, received ${shown}`}`
  return new LeadpipeError('OPTION', message, { context: placeOf(where) })
}

/**
 * An OPTION error about a failure while an option was used, such as an error that a user's function threw.
 *
 * @param where as in {@link optionError}
 * @param message the whole sentence
 */
export function optionFailure(where: string, message: string, cause: unknown): LeadpipeError {
  return new LeadpipeError('OPTION', message, { cause, context: placeOf(where) })
}

function placeOf(where: string): { owner: string; option?: string } {
  const [, owner, option] = /^(.+?): (.+)$/.exec(where) ?? /^(.+\)) (.+)$/.exec(where) ?? []
  return owner === undefined || option === undefined ? { owner: where } : { owner, option }
}

/** The only description of a secret that a message may have. */
export const typeOf = (value: unknown): string => `a value of type ${typeof value}`

/** What is wrong with one option, at the top level or nested. */
interface Problem {
  /** Names from the top down. */
  path: string[]
  value: unknown
  rule: OptionRule
  /** The valid names, if the name itself is wrong. */
  known?: string[]
}

type Rules = Readonly<Record<string, OptionRule>>

/**
 * The one problem to report. If an option accepts alternatives, Ajv reports an error for each: the deepest error is
 * about the alternative that was meant, and the last of the deepest is about all of them.
 *
 * @param options the given options, which violate the rules
 */
function deepestProblem(errors: readonly ErrorObject[], options: object, rules: Rules): Problem {
  return errors
    .map(error => problemOf(error, options, rules))
    .reduce((deepest, problem) => (problem.path.length >= deepest.path.length ? problem : deepest))
}

function problemOf(
  { instancePath, keyword, params, parentSchema = {}, data }: ErrorObject,
  options: object,
  rules: Rules,
): Problem {
  const path = instancePath.split('/').slice(1)
  const inner = parentSchema.properties as Rules | undefined
  if (keyword === 'additionalProperties' && (path.length === 0 || isRule(parentSchema))) {
    return {
      path: [...path, params.additionalProperty],
      value: undefined,
      rule: parentSchema as OptionRule,
      known: Object.keys(inner ?? {}),
    }
  }
  const missing = keyword === 'required' ? inner?.[params.missingProperty] : undefined
  if (isRule(missing)) return { path: [...path, params.missingProperty], value: undefined, rule: missing }
  if (isRule(parentSchema)) return { path, value: data, rule: parentSchema }
  // A nested schema without its own `expected` is described by that of its option.
  const name = path[0] as string
  return {
    path: [name],
    value: (options as Record<string, unknown>)[name],
    rule: rules[name] as OptionRule,
  }
}

const isRule = (schema: object | undefined): schema is OptionRule =>
  schema !== undefined && 'expected' in schema
