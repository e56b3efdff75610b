import { PortalError } from '../../PortalError.ts'
import type { ObjectType } from '../ObjectType.ts'
import { textOf, timeOf } from '../properties/values.ts'

/** Values of properties as they are kept: text, or null for none. */
export type Values = Readonly<Record<string, string | null>>

/** The values of a record that are given in code, and its two times if they are among them. */
export interface GivenValues {
  readonly values: Values
  readonly createdAt: number | undefined
  readonly updatedAt: number | undefined
}

/**
 * Reads the properties of a record that are given in code.
 *
 * @throws PortalError LEADS for a value that is not a text, a number, a boolean or null, and for a wrong time.
 */
export function readValues(type: ObjectType, properties: unknown): GivenValues {
  if (typeof properties !== 'object' || properties === null) {
    throw new PortalError('LEADS', `Properties of ${type.name}: expected an object, received ${properties}`)
  }
  const times: Record<string, number | undefined> = {}
  const values: Record<string, string | null> = {}
  const created = type.name === 'contacts' ? ['createdate'] : ['createdate', 'hs_createdate']
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined) continue
    if (typeof value === 'object' && value !== null) {
      const expected = 'expected a text, a number, a boolean or null, received an object'
      throw new PortalError('LEADS', `Property ${name} of ${type.name}: ${expected}`)
    }
    const text = textOf(value)
    if (created.includes(name)) times.createdAt = readTime(name, text)
    else if (name === type.modified) times.updatedAt = readTime(name, text)
    else values[name] = text
  }
  return { values, createdAt: times.createdAt, updatedAt: times.updatedAt }
}

function readTime(name: string, text: string | null): number {
  const time = text === null ? undefined : timeOf(text)
  if (time !== undefined) return time
  const expected = 'expected milliseconds since 1970 or ISO 8601'
  throw new PortalError('LEADS', `Property ${name}: ${expected}, received ${JSON.stringify(text)}`)
}
