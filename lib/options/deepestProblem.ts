import type { ErrorObject } from 'ajv'
import type { OptionRule } from './optionRule.ts'

/** What is wrong with one option, at the top or inside of another. */
export interface Problem {
  /** Names from the top down. */
  path: string[]
  value: unknown
  rule: OptionRule
  /** The names that there are instead, where the name itself is wrong. */
  known?: string[]
}

type Rules = Readonly<Record<string, OptionRule>>

/**
 * The one problem to tell of. Where an option may be one thing or another, Ajv gives what is wrong with each: the
 * deepest is about the one that was meant, and the last of those about all of them.
 *
 * @param options what was given, and the rules that it does not keep
 */
export function deepestProblem(errors: readonly ErrorObject[], options: object, rules: Rules): Problem {
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
  // What has no words of its own is told by those of the option that it is in.
  const name = path[0] as string
  return {
    path: [name],
    value: (options as Record<string, unknown>)[name],
    rule: rules[name] as OptionRule,
  }
}

const isRule = (schema: object | undefined): schema is OptionRule =>
  schema !== undefined && 'expected' in schema
