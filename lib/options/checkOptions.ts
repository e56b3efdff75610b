import type { ErrorObject } from 'ajv'
import type { OptionContext } from '../errors/ErrorContexts.ts'
import { describe, LeadpipeError, optionProblem } from '../errors.ts'
import { compileSchema } from './ajv.ts'
import type { OptionRule } from './optionRule.ts'

/** The options of one function, by name. */
export interface OptionRules {
  /** The owner of the options as the user knows it, for example `leads()`. */
  readonly owner: string
  readonly options: Readonly<Record<string, OptionRule>>
  /** For names that users are likely to put here by mistake: a hint where they belong, or what to do. */
  readonly elsewhere?: Readonly<Record<string, string>>
}

/** Hints for options of other owners, which users are likely to put here by mistake. */
export const hintsFrom = (...others: readonly OptionRules[]): Readonly<Record<string, string>> =>
  Object.fromEntries(
    others.flatMap(({ owner, options }) =>
      Object.keys(options).map(name => [name, `it belongs to ${owner}`]),
    ),
  )

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
 * Checks a user's options. Returns those that are not undefined, and the defaults of the others.
 *
 * @throws {LeadpipeError} OPTION, with the option, the received value and what is expected.
 */
export function checkOptions<T extends object>(given: T | undefined, rules: OptionRules): T {
  if (given === undefined) return withDefaults({}, rules.options) as T
  // A Map, a Date or URLSearchParams has no option keys: without this check it would be ignored silently.
  if (Object.prototype.toString.call(given) !== '[object Object]') {
    const secret = Object.values(rules.options).some(rule => rule.secret)
    const received = secret ? typeOf(given) : describe(given)
    throw optionError({ owner: rules.owner, option: 'options', expected: 'an object', received })
  }
  const present = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as T
  const validate = compileSchema(objectSchema(rules))
  if (!validate(present)) throw refusal(present, rules, validate.errors ?? [])
  return withDefaults(present, rules.options) as T
}

/** Fills in the defaults of checked options, also inside of an option. What is undefined counts as absent. */
export function withDefaults(given: object, rules: Rules): object {
  const present = Object.entries(given).filter(([, value]) => value !== undefined)
  const filled: Record<string, unknown> = Object.fromEntries(present)
  for (const [name, rule] of Object.entries(rules)) {
    const inner = rule.properties as Rules | undefined
    const value = filled[name] ?? rule.default
    if (inner !== undefined && hasDefaults(inner)) filled[name] = withDefaults((value ?? {}) as object, inner)
    else if (value !== undefined) filled[name] = value
  }
  return filled
}

const hasDefaults = (rules: Rules): boolean => Object.values(rules).some(rule => 'default' in rule)

function refusal(present: object, rules: OptionRules, errors: readonly ErrorObject[]): LeadpipeError {
  const { path, value, rule, known } = deepestProblem(errors, present, rules.options)
  if (known !== undefined) return unknownOption(path, known, rules)
  const isSecret = rule.secret ?? rules.options[path[0] as string]?.secret
  const received = isSecret ? typeOf(value) : describe(value)
  return optionError({ owner: rules.owner, option: path.join('.'), expected: rule.expected, received })
}

function unknownOption(path: readonly string[], known: readonly string[], rules: OptionRules): LeadpipeError {
  const { owner, elsewhere = {} } = rules
  const option = path.join('.')
  const expected = `one of ${known.join(', ')}`
  const remedy = Object.hasOwn(elsewhere, option) ? elsewhere[option] : undefined
  return optionError({ owner, option, unknown: true, expected, remedy })
}

/** An OPTION error. Its message is made from the facts, which programs find in its context. */
export function optionError(given: OptionContext, cause?: unknown): LeadpipeError {
  const present = Object.entries(given).filter(([, value]) => value !== undefined)
  const facts = Object.fromEntries(present) as unknown as OptionContext
  return new LeadpipeError('OPTION', optionProblem(facts), {
    ...(cause === undefined ? {} : { cause }),
    context: facts,
  })
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
