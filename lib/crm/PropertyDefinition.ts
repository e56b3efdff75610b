import { optionError } from '../options/checkOptions.ts'

/** The definition of a property, as the API gives it; only what is used here. */
export interface PropertyDefinition {
  readonly name: string
  /** bool, date, datetime, enumeration, number, string, phone_number, object_coordinates, json, or a newer one. */
  readonly type: string
}

/** The definitions in the answer of the properties API; undefined if it is not such an answer. */
export function definitionsIn(answer: unknown): readonly PropertyDefinition[] | undefined {
  const { results } = (answer ?? {}) as { results?: unknown }
  return Array.isArray(results) && results.every(isDefinition) ? results : undefined
}

function isDefinition(value: unknown): value is PropertyDefinition {
  const { name, type } = (value ?? {}) as { name?: unknown; type?: unknown }
  return typeof name === 'string' && typeof type === 'string'
}

/**
 * Checks that an object type has the properties of an option.
 *
 * @throws {LeadpipeError} OPTION, with the first property that is unknown, and the nearest known one
 */
export function checkProperties(
  option: string,
  names: readonly string[],
  type: string,
  definitions: readonly PropertyDefinition[],
): void {
  const known = new Set(definitions.map(({ name }) => name))
  const unknown = names.filter(name => !known.has(name))
  const [first] = unknown
  if (first === undefined) return
  const expected = `names of properties that ${type} have`
  const received = unknown
    .slice(0, 10)
    .map(name => JSON.stringify(name))
    .join(', ')
  const nearest = nearestOf(first, [...known])
  const hint = nearest === undefined ? undefined : `did you mean ${JSON.stringify(nearest)}?`
  throw optionError({ owner: 'crmObjects()', option, expected, received, remedy: hint })
}

/** The name that is nearest to a misspelt one; undefined if none is near. */
function nearestOf(misspelt: string, names: readonly string[]): string | undefined {
  const plain = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, '')
  const same = names.find(name => plain(name) === plain(misspelt))
  if (same !== undefined) return same
  const distances = names.map(name => ({ name, distance: editDistance(misspelt, name) }))
  const near = distances.filter(({ distance }) => distance <= Math.min(3, Math.ceil(misspelt.length / 3)))
  return near.toSorted((a, b) => a.distance - b.distance)[0]?.name
}

/** How many characters must be inserted, removed or replaced to make one text of the other. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 0; i < a.length; i += 1) {
    const next = [i + 1]
    for (let j = 0; j < b.length; j += 1) {
      const replaced = (row[j] as number) + (a[i] === b[j] ? 0 : 1)
      next.push(Math.min(replaced, (row[j + 1] as number) + 1, (next[j] as number) + 1))
    }
    row = next
  }
  return row[b.length] as number
}
