import { checkCount, checkNames, checkWord, isIterable, refused } from '../checkOption.ts'
import { isObject } from '../leads/isObject.ts'
import type { ObjectIterable } from '../PortalOptions.ts'
import { contacts, type ObjectType, objectTypeOf } from './ObjectType.ts'
import { type PropertyDefinition, propertyTypes } from './properties/PropertyDefinition.ts'

/** The sources of records, by the ids of their types. */
export type CheckedObjects = ReadonlyMap<string, number | ObjectIterable>

/** Custom properties, by the ids of the types that have them. */
export type CheckedProperties = ReadonlyMap<string, readonly PropertyDefinition[]>

/**
 * Checks the option `objects`.
 *
 * @throws PortalError OPTION
 */
export function checkObjects(objects: unknown): CheckedObjects {
  const checked = new Map<string, number | ObjectIterable>()
  for (const [type, option, source] of byType('objects', objects)) {
    if (type.id === contacts.id)
      throw refused(option, 'another type: the contacts are the option leads', source)
    if (checked.has(type.id)) throw refused(option, `each type once: ${type.name} is ${type.id}`, source)
    if (typeof source === 'number') checked.set(type.id, checkCount(option, source))
    else if (isIterable(source)) checked.set(type.id, source as ObjectIterable)
    else throw refused(option, 'a count, or an iterable of records', source)
  }
  return checked
}

/**
 * Checks the option `properties`.
 *
 * @throws PortalError OPTION
 */
export function checkProperties(properties: unknown): CheckedProperties {
  const checked = new Map<string, readonly PropertyDefinition[]>()
  for (const [type, option, definitions] of byType('properties', properties)) {
    if (!Array.isArray(definitions)) throw refused(option, 'an array of names or definitions', definitions)
    checked.set(
      type.id,
      definitions.map((definition, index) => checkDefinition(`${option}[${index}]`, definition)),
    )
  }
  return checked
}

function byType(option: string, value: unknown): [type: ObjectType, option: string, value: unknown][] {
  if (value === undefined) return []
  if (!isObject(value)) throw refused(option, 'an object with the types as its names', value)
  return Object.entries(value)
    .filter(([, one]) => one !== undefined)
    .map(([name, one]) => {
      const type = objectTypeOf(name)
      if (type !== undefined) return [type, `${option}.${name}`, one]
      throw refused(
        `${option}.${name}`,
        'a type: contacts, companies, deals, tickets, leads, or an id such as 2-123',
        one,
      )
    })
}

const definitionNames = [
  'name',
  'type',
  'label',
  'options',
  'calculated',
  'hasUniqueValue',
  'dataSensitivity',
] as const satisfies (keyof PropertyDefinition)[]
const sensitivities = ['non_sensitive', 'sensitive', 'highly_sensitive'] as const

function checkDefinition(option: string, given: unknown): PropertyDefinition {
  const definition = typeof given === 'string' ? { name: given } : given
  checkNames(definition, definitionNames, { option })
  const { name, type = 'string', label, options, calculated, hasUniqueValue, dataSensitivity } = definition
  if (typeof name !== 'string' || !/^[a-z][a-z0-9_]{0,99}$/.test(name)) {
    throw refused(`${option}.name`, 'lower-case letters, digits and _, the first a letter', name)
  }
  if (label !== undefined && typeof label !== 'string') throw refused(`${option}.label`, 'a text', label)
  if (options !== undefined && !(Array.isArray(options) && options.every(one => typeof one === 'string'))) {
    throw refused(`${option}.options`, 'an array of texts', options)
  }
  for (const [flag, value] of Object.entries({ calculated, hasUniqueValue })) {
    if (value !== undefined && typeof value !== 'boolean')
      throw refused(`${option}.${flag}`, 'true or false', value)
  }
  return {
    ...(definition as PropertyDefinition),
    type: checkWord(`${option}.type`, type, propertyTypes),
    dataSensitivity: checkWord(
      `${option}.dataSensitivity`,
      dataSensitivity ?? 'non_sensitive',
      sensitivities,
    ),
  }
}
