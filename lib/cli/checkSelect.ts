import { type Form, type FormSubmission, leadSchema } from '../index.ts'
import { optionError } from '../options/checkOptions.ts'
import type { SourceKind } from './exportSource.ts'
import type { StageFlags } from './flags.ts'

/** The parts of a JSON Schema that a path follows. */
interface Node {
  readonly properties?: Readonly<Record<string, Node>>
  readonly items?: Node
}

/** The flags that decide which fields the records have, and whether that is checked. */
interface SelectFlags extends Pick<StageFlags, 'select' | 'explode' | 'allowUndocumented'> {
  excludeConversionEvents?: boolean | undefined
  properties?: readonly string[] | 'all' | undefined
  associations?: readonly string[] | undefined
}

/**
 * Checks that every path of `--select` is documented for the records: any other is most likely a mistake, and would
 * only leave its field out.
 *
 * @throws {LeadpipeError} OPTION
 */
export function checkSelect(kind: SourceKind, flags: SelectFlags): void {
  const { select = {}, allowUndocumented } = flags
  if (allowUndocumented) return
  const record = recordSchema(kind, flags)
  for (const path of Object.values(select)) {
    const steps = path.split('.')
    const known = knownPart(steps, record)
    if (known === steps.length) continue
    throw optionError({
      owner: 'project()',
      expected: 'documented fields of the records',
      received: JSON.stringify(steps.slice(0, known + 1).join('.')),
      remedy: remedyFor(kind, steps, known, flags),
    })
  }
}

function remedyFor(
  kind: SourceKind,
  steps: readonly string[],
  known: number,
  { excludeConversionEvents }: SelectFlags,
): string {
  const [field = '', ...inside] = steps
  if (kind === 'records' && field === 'associations') {
    return inside.length < 2 ? 'name the type in --associations' : misspelt
  }
  if (kind === 'records' && known === 0)
    return `the values of a record are in its properties: properties.${field}`
  if (kind === 'records' && field === 'properties')
    return 'name it in --properties, or give --allow-undocumented'
  const made = known === 0 && isLead(kind) ? madeBy.get(field) : undefined
  if (made !== undefined) return `it exists only with --explode ${made}`
  if (field === events && excludeConversionEvents) return 'it is left out by --exclude-conversion-events'
  return misspelt
}

const misspelt = 'check its spelling, or give --allow-undocumented if the portal sends it'

const isLead = (kind: SourceKind) => kind === 'leads' || kind === 'contacts-as-leads'

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

function recordSchema(kind: SourceKind, flags: SelectFlags): Node {
  if (kind === 'records') return crmSchema(flags)
  if (kind === 'forms') return { properties: formFields }
  if (kind === 'submissions') {
    const values = { items: fields('name', 'value', 'objectTypeId') }
    return { properties: { ...fields(...submissionFields).properties, values } }
  }
  return leadsSchema(flags)
}

/** The members of a CRM record. Its values have the names that were requested; without a list, any. */
function crmSchema({ properties, associations = [] }: SelectFlags): Node {
  const named = Array.isArray(properties) ? [...properties, 'hs_object_id'] : []
  const associated = { properties: { results: { items: fields('id', 'type') } } }
  return {
    properties: {
      ...fields('id', 'createdAt', 'updatedAt', 'archived', 'archivedAt', 'url').properties,
      properties: fields(...named),
      ...(associations.length > 0 && {
        associations: { properties: Object.fromEntries(associations.map(type => [type, associated])) },
      }),
    },
  }
}

const text: Node = {}
const anything: Node = { properties: {} }
const formFields = {
  ...{ id: text, name: text, formType: text, createdAt: text, updatedAt: text, archived: text },
  ...{ archivedAt: text, fieldGroups: { items: anything } },
  ...{ configuration: anything, displayOptions: anything, legalConsentOptions: anything },
} satisfies Record<keyof Form, Node>

const submissionFields = Object.keys({
  ...{ conversionId: true, submittedAt: true, values: true, pageUrl: true, formGuid: true, formName: true },
} satisfies Record<keyof FormSubmission, true>)

/** An object with these fields, which hold no others; without any, an object that may hold anything. */
const fields = (...names: readonly string[]): Node => ({
  properties: Object.fromEntries(names.map(name => [name, {}])),
})

function leadsSchema({ explode, excludeConversionEvents }: SelectFlags): Node {
  const whole = leadSchema as Node
  const { leadConversionEvents, ...lead } = whole.properties ?? {}
  if (explode === undefined) return excludeConversionEvents ? { properties: lead } : whole
  const event = leadConversionEvents?.items ?? {}
  if (explode === 'events') return { properties: { ...lead, conversionEvent: event } }
  const { formSubmissionValues, ...eventFields } = event.properties ?? {}
  const formValue = formSubmissionValues?.items ?? {}
  return { properties: { ...lead, conversionEvent: { properties: eventFields }, formValue } }
}
