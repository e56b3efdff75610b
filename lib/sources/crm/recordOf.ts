import { type AnyRecord, isRecord } from '../../crm/CrmRecord.ts'
import { convertValue, NotConvertible } from '../../crm/convertValue.ts'
import type { DecodedElement } from '../../decode/ElementDecoder.ts'
import { isObject, type LongNumbers } from '../../decode/parseElement.ts'
import type { CrmRequest } from '../../paging/crm/CrmRequest.ts'
import { Rejected, type RejectedProblem, setOrigin } from '../../stage/Rejected.ts'

/** How the elements of an answer become records. */
export interface RecordOptions {
  /** The types of the properties by their names, if values are converted. */
  readonly types: ReadonlyMap<string, string> | undefined
  readonly longNumbers: LongNumbers
  /** Whether each record's own text and location are kept. */
  readonly origins: boolean
}

/** Converts an element of an answer to a record, or to the reason why it is not one. */
export function recordOf(
  element: DecodedElement,
  { kind }: CrmRequest,
  { types, longNumbers, origins }: RecordOptions,
): AnyRecord | Rejected {
  const { value, location } = element
  if (value instanceof Rejected) return value
  const raw = () => element.raw ?? JSON.stringify(value)
  const reject = (problem: RejectedProblem, message: string) =>
    new Rejected(problem, message, raw(), location)
  // The pager reads these elements: they are not records.
  if (kind === 'associations') return value as AnyRecord
  if (!isRecord(value)) {
    const problem = isObject(value) ? 'an object without an id' : kindOf(value)
    return reject('not a record', `it is ${problem}, expected a record (an object with an id)`)
  }
  const problem = types && convert(value, types, longNumbers)
  if (problem !== undefined) return reject('wrong type', problem)
  if (origins) setOrigin(value, { ...location, raw: raw() })
  return value
}

/** Converts the values of a record; returns what is wrong with the first one that can't be converted. */
function convert(
  { properties }: AnyRecord,
  types: ReadonlyMap<string, string>,
  longNumbers: LongNumbers,
): string | undefined {
  for (const [name, value] of Object.entries(properties ?? {})) {
    const type = types.get(name) ?? 'string'
    const converted = convertValue(value, type, longNumbers)
    if (converted instanceof NotConvertible) {
      const { expected } = converted
      return `its property ${JSON.stringify(name)} of type ${type} is ${kindOf(value)}, expected ${expected}`
    }
    properties[name] = converted as string | null
  }
  return undefined
}

/** What a value is, without its content, which may be personal. */
function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value === 'string') return `a text of ${value.length} characters`
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`
}
