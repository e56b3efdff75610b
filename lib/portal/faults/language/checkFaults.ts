import { refused } from '../../checkOption.ts'
import { isObject } from '../../leads/isObject.ts'
import type { FaultRule } from '../FaultRule.ts'
import { conditions } from './conditions.ts'
import type { Field } from './Field.ts'
import { errorInObject, type MakeError } from './faultError.ts'
import { isHeader } from './headers.ts'
import { kindOf, kinds } from './kinds.ts'

/**
 * Checks fault rules that are objects. undefined counts as not given.
 *
 * @throws PortalError OPTION, naming the rule, the path in it, the expected and the received value.
 */
export function checkFaults(faults: unknown): FaultRule[] {
  if (!Array.isArray(faults)) throw refused('faults', 'a text or an array of rules', faults)
  return faults.map((rule, index) => checkRule(rule, path => errorInObject(index + 1, path)))
}

type ErrorAt = (path: string) => MakeError

const whenFields = Object.fromEntries(conditions.map(({ name, field }) => [name, field]))

function checkRule(rule: unknown, errorAt: ErrorAt): FaultRule {
  const { when = {}, fault, ...others } = checkObject('the rule', rule, errorAt)
  const [unknownName] = Object.keys(others)
  if (unknownName !== undefined) throw errorAt('the rule')('only when and fault', unknownName)
  const checked = checkValues('when', checkObject('when', when, errorAt), whenFields, errorAt)
  return { when: checked, fault: checkFault(checkObject('fault', fault, errorAt), errorAt) } as FaultRule
}

function checkFault({ kind: name, headers, ...values }: Record<string, unknown>, errorAt: ErrorAt): object {
  const kind = kindOf(name)
  if (kind === undefined) throw errorAt('fault.kind')(`one of ${Object.keys(kinds).join(', ')}`, name)
  const checked = checkValues('fault', values, kind.fields, errorAt)
  const { main } = kind
  if (main !== undefined && !kind.isOptional && checked[main] === undefined) {
    throw errorAt(`fault.${main}`)(kind.fields[main]?.expected ?? '', undefined)
  }
  if (headers === undefined) return { kind: name, ...checked }
  if (!kind.takesHeaders) throw errorAt('fault')(namesOf(kind.fields), 'headers')
  for (const [header, value] of Object.entries(checkObject('fault.headers', headers, errorAt))) {
    if (!isHeader(header, value)) throw errorAt(`fault.headers.${header}`)('a header’s value', value)
  }
  return { kind: name, ...checked, headers }
}

function checkValues(
  owner: string,
  values: Record<string, unknown>,
  fields: Readonly<Record<string, Field>>,
  errorAt: ErrorAt,
): Record<string, unknown> {
  const given = Object.entries(values).filter(([, value]) => value !== undefined)
  for (const [name, value] of given) {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined
    if (field === undefined) throw errorAt(owner)(namesOf(fields), name)
    if (!field.holds(value)) throw errorAt(`${owner}.${name}`)(field.expected, value)
  }
  return Object.fromEntries(given)
}

function namesOf(fields: Readonly<Record<string, Field>>): string {
  const names = Object.keys(fields)
  return names.length === 0 ? 'no values' : `only ${names.join(', ')}`
}

function checkObject(path: string, value: unknown, errorAt: ErrorAt): Record<string, unknown> {
  if (isObject(value)) return value
  throw errorAt(path)('an object', value)
}
