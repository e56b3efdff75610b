import { optionError } from '../options/checkOptions.ts'
import { type ExportSource, type SourceKind, types } from './exportSource.ts'
import type { ExportFlags } from './openSource.ts'

/** How a kind of source is named in messages. */
const namesOf: Readonly<Record<SourceKind, string>> = {
  records: `${Object.keys(types).join(', ')} or objects/TYPE`,
  leads: 'leads',
  forms: 'forms',
  submissions: 'submissions',
  'contacts-as-leads': 'contacts-as-leads',
}

/** The flags that do not fit every source, and those that they fit. */
const places = {
  ...flagsOf(['leads'], 'search', 'sort', 'dir', 'max', 'offset', 'timePivot', 'excludeConversionEvents'),
  ...flagsOf(['leads'], 'optOut', 'eligibleForEmail', 'bounced', 'isNotImported', 'includeDeleted', 'guid'),
  ...flagsOf(['leads', 'submissions'], 'startTime', 'stopTime'),
  ...flagsOf(['leads', 'records'], 'paging', 'reconcile'),
  ...flagsOf(['leads', 'records', 'submissions', 'contacts-as-leads'], 'lag'),
  ...flagsOf(['leads', 'records', 'forms', 'submissions'], 'longNumbers'),
  ...flagsOf(['leads', 'contacts-as-leads'], 'explode', 'nullFields'),
  ...flagsOf(['records'], 'properties', 'associations', 'types', 'modifiedAfter', 'modifiedBefore'),
  ...flagsOf(['records', 'contacts-as-leads'], 'apiVersion'),
  ...flagsOf(['records', 'forms', 'contacts-as-leads'], 'archived'),
  ...flagsOf(['submissions'], 'form'),
  ...flagsOf(['contacts-as-leads'], 'unmatched'),
}

/** The sources that read what is new since a finished run. */
const following: readonly SourceKind[] = ['leads', 'submissions', 'records']

/** What to give instead of a flag, in some of the sources that it does not fit. */
const instead: Readonly<Partial<Record<SourceKind, Partial<Record<keyof ExportFlags, string>>>>> = {
  leads: {
    archived: '--include-deleted',
    modifiedAfter: '--time-pivot lastModifiedAt --start-time',
    modifiedBefore: '--time-pivot lastModifiedAt --stop-time',
  },
  records: {
    startTime: '--modified-after',
    stopTime: '--modified-before',
    includeDeleted: '--archived both',
  },
  submissions: { modifiedAfter: '--start-time', modifiedBefore: '--stop-time' },
  'contacts-as-leads': { includeDeleted: '--archived both' },
}

/**
 * Checks that each flag fits the source.
 *
 * @throws {LeadpipeError} OPTION, which names the flag, the source, and where the flag belongs
 */
export function checkFlags(flags: ExportFlags, source: ExportSource): void {
  const { kind, name } = source
  checkFollowing(flags, source)
  for (const [flag, kinds] of Object.entries(places) as [keyof ExportFlags, readonly SourceKind[]][]) {
    const value = flags[flag]
    if (value === undefined || kinds.includes(kind)) continue
    const better = instead[kind]?.[flag]
    throw optionError({
      owner: 'export',
      option: flag,
      expected: 'none',
      with: { option: 'from', value: name },
      ...(value === true ? {} : { received: shown(value) }),
      remedy: `it belongs to --from ${listed(kinds.map(place => namesOf[place]))}${better ? `; here, give ${better}` : ''}`,
    })
  }
}

/** @throws {LeadpipeError} OPTION for a source that can't read what is new since a finished run */
function checkFollowing({ whenFinished }: ExportFlags, { kind, name }: ExportSource): void {
  if (whenFinished !== 'next' || following.includes(kind)) return
  throw optionError({
    owner: 'export',
    option: 'whenFinished',
    expected: '"stop" or "restart"',
    with: { option: 'from', value: name },
    received: `'${whenFinished}'`,
    remedy: `"next" belongs to --from ${listed(following.map(place => namesOf[place]))}`,
  })
}

function flagsOf<F extends keyof ExportFlags>(
  kinds: readonly SourceKind[],
  ...flags: F[]
): Record<F, readonly SourceKind[]> {
  return Object.fromEntries(flags.map(flag => [flag, kinds])) as Record<F, readonly SourceKind[]>
}

const shown = (value: unknown) => (Array.isArray(value) ? value.join(',') : String(value))

/** "a, b or c". A name that is a list itself comes first, without its "or". */
function listed(names: readonly string[]): string {
  const all = names.flatMap(name => name.split(/, | or /))
  return all.length < 2 ? all.join('') : `${all.slice(0, -1).join(', ')} or ${all.at(-1)}`
}
