import { leadSchema } from '../index.ts'

/** The parts of a JSON Schema that a path follows. */
interface Node {
  readonly properties?: Readonly<Record<string, Node>>
  readonly items?: Node
}

/** Notes about paths of `--select` that are not documented for any record: most likely mistakes. */
export function selectNotes(
  select: Readonly<Record<string, string>> = {},
  explode?: 'events' | 'values',
): string[] {
  const record = recordSchema(explode)
  const notes = Object.values(select).map(path => noteOn(path.split('.'), record))
  return notes.filter((note, index) => note !== undefined && notes.indexOf(note) === index) as string[]
}

function noteOn(path: readonly string[], record: Node): string | undefined {
  const known = knownPart(path, record)
  if (known === path.length) return undefined
  const field = JSON.stringify(path.slice(0, known + 1).join('.'))
  const made = known === 0 ? madeBy.get(path[0]) : undefined
  return made === undefined
    ? `--select: ${field} is not a documented field; records have it if the portal sends it`
    : `--select: ${field} exists only with --explode ${made}`
}

/** The fields that `--explode` adds, and the word that adds them. */
const madeBy: ReadonlyMap<string | undefined, string> = new Map([
  ['conversionEvent', 'events'],
  ['formValue', 'values'],
])

/** Number of leading steps of a path that are documented. */
function knownPart(path: readonly string[], record: Node): number {
  let node: Node | undefined = record
  for (const [index, name] of path.entries()) {
    // An object without documented fields may hold anything.
    if (node.properties !== undefined && Object.keys(node.properties).length === 0) return path.length
    const inside: Node | undefined = /^\d+$/.test(name) ? node.items : undefined
    node = inside ?? (Object.hasOwn(node.properties ?? {}, name) ? node.properties?.[name] : undefined)
    if (node === undefined) return index
  }
  return path.length
}

function recordSchema(explode: 'events' | 'values' | undefined): Node {
  const whole = leadSchema as Node
  if (explode === undefined) return whole
  const { leadConversionEvents, ...lead } = whole.properties ?? {}
  const event = leadConversionEvents?.items ?? {}
  if (explode === 'events') return { properties: { ...lead, conversionEvent: event } }
  const { formSubmissionValues, ...eventFields } = event.properties ?? {}
  const formValue = formSubmissionValues?.items ?? {}
  return { properties: { ...lead, conversionEvent: { properties: eventFields }, formValue } }
}
