import { refused } from '../../checkOption.ts'
import { isObject } from '../../leads/isObject.ts'
import type { FaultRule } from '../FaultRule.ts'
import { conditions } from './conditions.ts'
import type { Field } from './Field.ts'
import { isHeader } from './headers.ts'
import { kindOf, kinds } from './kinds.ts'
import { type Place, placeInObject } from './Place.ts'

/**
 * Checks fault rules that are objects. undefined counts as not given.
 *
 * @throws PortalError OPTION, naming the rule, the path in it, the expected and the received value.
 */
export function checkFaults(faults: unknown): FaultRule[] {
  if (!Array.isArray(faults)) throw refused('faults', 'a text or an array of rules', faults)
  return faults.map((rule, index) => checkRule(rule, path => placeInObject(index + 1, path)))
}

type PlaceOf = (path: string) => Place

const whenFields = Object.fromEntries(conditions.map(({ name, field }) => [name, field]))

function checkRule(rule: unknown, placeOf: PlaceOf): FaultRule {
  const { when = {}, fault, ...strangers } = checkObject('the rule', rule, placeOf)
  const [stranger] = Object.keys(strangers)
  if (stranger !== undefined) throw placeOf('the rule')('only when and fault', stranger)
  const checked = checkValues('when', checkObject('when', when, placeOf), whenFields, placeOf)
  return { when: checked, fault: checkFault(checkObject('fault', fault, placeOf), placeOf) } as FaultRule
}

function checkFault({ kind: name, headers, ...values }: Record<string, unknown>, placeOf: PlaceOf): object {
  const kind = kindOf(name)
  if (kind === undefined) throw placeOf('fault.kind')(`one of ${Object.keys(kinds).join(', ')}`, name)
  const checked = checkValues('fault', values, kind.fields, placeOf)
  const { main } = kind
  if (main !== undefined && !kind.isOptional && checked[main] === undefined) {
    throw placeOf(`fault.${main}`)(kind.fields[main]?.expected ?? '', undefined)
  }
  if (headers === undefined) return { kind: name, ...checked }
  if (!kind.takesHeaders) throw placeOf('fault')(namesOf(kind.fields), 'headers')
  for (const [header, value] of Object.entries(checkObject('fault.headers', headers, placeOf))) {
    if (!isHeader(header, value)) throw placeOf(`fault.headers.${header}`)('a header’s value', value)
  }
  return { kind: name, ...checked, headers }
}

function checkValues(
  owner: string,
  values: Record<string, unknown>,
  fields: Readonly<Record<string, Field>>,
  placeOf: PlaceOf,
): Record<string, unknown> {
  const given = Object.entries(values).filter(([, value]) => value !== undefined)
  for (const [name, value] of given) {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined
    if (field === undefined) throw placeOf(owner)(namesOf(fields), name)
    if (!field.holds(value)) throw placeOf(`${owner}.${name}`)(field.expected, value)
  }
  return Object.fromEntries(given)
}

function namesOf(fields: Readonly<Record<string, Field>>): string {
  const names = Object.keys(fields)
  return names.length === 0 ? 'no values' : `only ${names.join(', ')}`
}

function checkObject(path: string, value: unknown, placeOf: PlaceOf): Record<string, unknown> {
  if (isObject(value)) return value
  throw placeOf(path)('an object', value)
}
