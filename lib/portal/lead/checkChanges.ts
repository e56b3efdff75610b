import { isObject } from '../leads/isObject.ts'
import { Refusal } from '../Refusal.ts'
import { documentedSpellings, leadFields } from './leadFields.ts'

/** A client's changes of a lead: fields that may be changed, with values of their types. */
export type Changes = Readonly<Record<string, unknown>>

/** The lead that is changed, and the portal's rules. */
export interface ChangeRules {
  /** The guid that the request names. */
  readonly guid: string
  readonly salesforce: 'tied' | 'none'
}

/**
 * Checks the body of a PUT: an object with only the fields to change. The guid may be in it as `guid`, as `id` or
 * not at all, because clients do all three; it must equal the guid of the request.
 *
 * @throws Refusal 400, naming every field that is read-only; if there are none, the first wrong field.
 */
export function checkChanges(body: unknown, { guid, salesforce }: ChangeRules): Changes {
  if (!isObject(body)) throw new Refusal(400, 'Expected a JSON object with the fields to change')
  const { guid: guidInBody = guid, id = guid, ...fields } = body
  for (const [name, value] of Object.entries({ guid: guidInBody, id })) {
    if (value !== guid) throw wrong(name, `the guid of the path, ${JSON.stringify(guid)}, or nothing`, value)
  }
  const changes = Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [documentedSpellings.get(name) ?? name, value]),
  )
  refuseReadOnly(Object.keys(changes))
  for (const [name, value] of Object.entries(changes)) checkValue(name, value)
  if (salesforce === 'tied' && 'closedAt' in changes) {
    throw new Refusal(400, 'Field closedAt: a portal integrated with Salesforce.com refuses closedAt')
  }
  return changes
}

function refuseReadOnly(names: readonly string[]): void {
  const readOnly = names.filter(name => leadFields.get(name)?.isReadOnly)
  if (readOnly.length > 0)
    throw new Refusal(400, `Read-only fields can not be changed: ${readOnly.join(', ')}`)
}

function checkValue(name: string, value: unknown): void {
  const field = leadFields.get(name)
  if (field === undefined) throw new Refusal(400, `A lead has no field ${JSON.stringify(name)}`)
  const { expected, holds } = special.get(name) ?? types.get(field.type) ?? logs
  if (!holds(value)) throw wrong(name, expected, value)
}

interface Type {
  readonly expected: string
  readonly holds: (value: unknown) => boolean
}

/** Fields with other valid values than their type has. */
const special: ReadonlyMap<string, Type> = new Map([
  [
    'closedAt',
    {
      expected: 'milliseconds since 1970 to close the lead, or "" to re-open it',
      holds: value => value === '' || (Number.isSafeInteger(value) && Number(value) >= 0),
    },
  ],
  [
    'sourceId',
    {
      expected: 'a whole number from 1 to 7',
      holds: value => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 7,
    },
  ],
])

/** By the types of JSON Schema. */
const types: ReadonlyMap<string, Type> = new Map([
  ['string', { expected: 'a text', holds: value => typeof value === 'string' }],
  ['boolean', { expected: 'true or false', holds: value => typeof value === 'boolean' }],
  ['integer', { expected: 'a whole number', holds: value => Number.isSafeInteger(value) }],
  // JSON can contain a number that is not finite: 1e999.
  ['number', { expected: 'a number', holds: value => Number.isFinite(value) }],
])

/** Only the two logs remain: every other field that is not a plain value is read-only. */
const logs: Type = {
  expected: 'an array of objects',
  holds: value => Array.isArray(value) && value.every(isObject),
}

function wrong(name: string, expected: string, value: unknown): Refusal {
  return new Refusal(400, `Field ${name}: expected ${expected}, got ${JSON.stringify(value)}`)
}
