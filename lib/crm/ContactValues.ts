import type { AnyRecord } from './CrmRecord.ts'
import { convertValue } from './convertValue.ts'

type Kind = 'text' | 'time' | 'number' | 'flag'
interface Of {
  text: string
  time: number
  number: number
  flag: boolean
}

/** Types of properties, as in their definitions. */
const types = { text: 'string', time: 'datetime', number: 'number', flag: 'bool' } as const
/** What a converted value is. */
const jsTypes = { text: 'string', time: 'string', number: 'number', flag: 'boolean' } as const
/** What an empty property gives. */
const empty: { readonly [K in Kind]: Of[K] | undefined } = {
  text: '',
  time: 0,
  number: undefined,
  flag: false,
}

/** Reads the properties of a contact. One that the portal does not have gives undefined. */
export class ContactValues {
  readonly #properties: Readonly<Record<string, unknown>>
  /** The properties whose values are not of their types. */
  readonly unreadable = new Set<string>()

  constructor({ properties }: AnyRecord) {
    this.#properties = properties ?? {}
  }

  /** Whether the portal has the property. */
  has(property: string): boolean {
    return this.#properties[property] !== undefined
  }

  /** The value of a property; of an empty one "", 0, false, and undefined for a number. */
  get<K extends Kind>(kind: K, property: string): Of[K] | undefined {
    const value = this.#properties[property]
    if (value === undefined) return undefined
    const converted = convertValue(value, types[kind], 'round')
    if (converted === null) return empty[kind]
    if (typeof converted === jsTypes[kind])
      return (kind === 'time' ? Date.parse(converted as string) : converted) as Of[K]
    this.unreadable.add(property)
    return undefined
  }

  /** Fields of one kind. Those without a value are left out. */
  all<K extends Kind, Field extends string>(
    kind: K,
    fields: Readonly<Record<Field, string>>,
  ): Partial<Record<Field, Of[K]>> {
    const found: Partial<Record<Field, Of[K]>> = {}
    for (const field in fields) {
      const value = this.get(kind, fields[field])
      if (value !== undefined) found[field] = value
    }
    return found
  }
}
