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
  const present = Object.entries(given).filter(([, value]) => value !== undefined)
  const known = Object.keys(rules.options)
  const stranger = present.find(([name]) => !known.includes(name))
  if (stranger !== undefined) throw unknownOption([stranger[0]], known, rules)
  // Only the rules of the given options are compiled: compiling all of them would slow down the start of a program.
  for (const [name, value] of present) {
    const rule = rules.options[name] as OptionRule
    const validate = compileSchema(rule)
    if (!validate(value)) throw refusal({ path: [name], value, rule }, rules, validate.errors ?? [])
  }
  return withDefaults(given, rules.options) as T
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

function refusal(option: Problem, rules: OptionRules, errors: readonly ErrorObject[]): LeadpipeError {
  const { path, value, rule, known } = deepestProblem(errors, option)
  if (known !== undefined) return unknownOption(path, known, rules)
  const isSecret = rule.secret ?? option.rule.secret
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

/** The only description of a secret that a message may have: what is most likely wrong with it, or its type. */
export function typeOf(value: unknown): string {
  const flaw = typeof value === 'string' ? flaws.find(([pattern]) => pattern.test(value)) : undefined
  return flaw === undefined ? `a value of type ${typeof value}` : `a string ${flaw[1]}`
}

const flaws: readonly (readonly [pattern: RegExp, description: string])[] = [
  [/^$/, 'that is empty'],
  [/^\uFEFF/, 'that begins with a byte order mark'],
  [/[\r\n]/, 'with a line break'],
  [/\s/, 'with a space'],
  [/^["']|["']$/, 'with quotes around it'],
  [/[^\x21-\x7e]/, 'with a character that is not printable ASCII'],
]

/** An option with a wrong value, at the top level or nested. */
interface Problem {
  /** Names from the top down. */
  path: readonly string[]
  value: unknown
  rule: OptionRule
  /** The valid names, if the name itself is wrong. */
  known?: readonly string[]
}

type Rules = Readonly<Record<string, OptionRule>>

/**
 * The one problem to report. If an option accepts alternatives, Ajv reports an error for each: the deepest error is
 * about the alternative that was meant, and the last of the deepest is about all of them.
 *
 * @param option the option at the top level whose value violates its rule
 */
function deepestProblem(errors: readonly ErrorObject[], option: Problem): Problem {
  return errors
    .map(error => problemOf(error, option))
    .reduce((deepest, problem) => (problem.path.length >= deepest.path.length ? problem : deepest))
}

function problemOf(
  { instancePath, keyword, params, parentSchema = {}, data }: ErrorObject,
  option: Problem,
): Problem {
  const path = [...option.path, ...instancePath.split('/').slice(1)]
  // A nested schema without its own `expected` is described by that of its option.
  if (!isRule(parentSchema)) return option
  const inner = parentSchema.properties as Rules | undefined
  if (keyword === 'additionalProperties') {
    const known = Object.keys(inner ?? {})
    return { path: [...path, params.additionalProperty], value: undefined, rule: parentSchema, known }
  }
  const missing = keyword === 'required' ? inner?.[params.missingProperty] : undefined
  if (missing !== undefined)
    return { path: [...path, params.missingProperty], value: undefined, rule: missing }
  return { path, value: data, rule: parentSchema }
}

const isRule = (schema: object | undefined): schema is OptionRule =>
  schema !== undefined && 'expected' in schema
