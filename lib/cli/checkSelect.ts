import { leadSchema } from '../index.ts'
import { optionError } from '../options/checkOptions.ts'
import type { StageFlags } from './flags.ts'

/** The parts of a JSON Schema that a path follows. */
interface Node {
  readonly properties?: Readonly<Record<string, Node>>
  readonly items?: Node
}

/** The flags that decide which fields the records have, and whether that is checked. */
interface SelectFlags extends Pick<StageFlags, 'select' | 'explode' | 'allowUndocumented'> {
  excludeConversionEvents?: boolean | undefined
}

/**
 * Checks that every path of `--select` is documented for the records: any other is most likely a mistake, and would
 * only leave its field out.
 *
 * @throws {LeadpipeError} OPTION
 */
export function checkSelect({
  select = {},
  explode,
  allowUndocumented,
  excludeConversionEvents,
}: SelectFlags): void {
  if (allowUndocumented) return
  const record = recordSchema(explode, excludeConversionEvents)
  for (const path of Object.values(select)) {
    const steps = path.split('.')
    const known = knownPart(steps, record)
    if (known === steps.length) continue
    throw optionError({
      owner: 'project()',
      expected: 'documented fields of the records',
      received: JSON.stringify(steps.slice(0, known + 1).join('.')),
      remedy: remedyFor(known === 0 ? steps[0] : undefined, excludeConversionEvents),
    })
  }
}

function remedyFor(field: string | undefined, excludeConversionEvents: boolean | undefined): string {
  const made = madeBy.get(field)
  if (made !== undefined) return `it exists only with --explode ${made}`
  if (field === events && excludeConversionEvents) return 'it is left out by --exclude-conversion-events'
  return 'check its spelling, or give --allow-undocumented if the portal sends it'
}

const events = 'leadConversionEvents'

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

function recordSchema(explode: StageFlags['explode'], excludeConversionEvents: boolean | undefined): Node {
  const whole = leadSchema as Node
  const { leadConversionEvents, ...lead } = whole.properties ?? {}
  if (explode === undefined) return excludeConversionEvents ? { properties: lead } : whole
  const event = leadConversionEvents?.items ?? {}
  if (explode === 'events') return { properties: { ...lead, conversionEvent: event } }
  const { formSubmissionValues, ...eventFields } = event.properties ?? {}
  const formValue = formSubmissionValues?.items ?? {}
  return { properties: { ...lead, conversionEvent: { properties: eventFields }, formValue } }
}
