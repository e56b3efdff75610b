import type { Report } from '../index.ts'

/** A number with thousands separators, the same in every locale. */
export function count(value: number): string {
  return value.toLocaleString('en-US')
}

/** A noun: for one, and for many if that is more than an "s" at its end. */
export type Noun = readonly [one: string, many?: string]

/** "1 lead", "2 leads". */
export function plural(value: number, noun: string | Noun): string {
  const [one, many = `${one}s`] = typeof noun === 'string' ? [noun] : noun
  return `${count(value)} ${value === 1 ? one : many}`
}

/** Bytes in the most readable unit. */
export function size(bytes: number): string {
  if (bytes < 1_000) return plural(bytes, 'byte')
  const units = ['kB', 'MB', 'GB', 'TB']
  let value = bytes / 1_000
  let unit = 0
  // 999,960 bytes are 1.0 MB: a value that rounds to 1,000 belongs to the next unit.
  while (Number(value.toFixed(1)) >= 1_000 && unit < units.length - 1) {
    value /= 1_000
    unit += 1
  }
  return `${value.toFixed(1)} ${units[unit]}`
}

/** Milliseconds in words: below a minute with tenths of a second, from a minute on in complete units. */
export function span(milliseconds: number): string {
  const tenths = (milliseconds / 1_000).toFixed(1)
  if (Number(tenths) < 60) return `${tenths} s`
  const seconds = Math.max(60, Math.floor(milliseconds / 1_000))
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** What the text of a report is about. */
interface ReportWords {
  readonly destination: string
  readonly noun: Noun
  readonly flags: { readonly limit?: number }
}

/**
 * A report for people.
 *
 * @param destination the user's argument; `-` for standard output
 * @param noun what the source delivers
 * @param flags the limit: the most records that the run was to read
 */
export function reportText(report: Report, { destination, noun, flags }: ReportWords): string {
  const { limit = Number.POSITIVE_INFINITY } = flags
  const { records = 0, skipped, quarantined, missing, reconciliation, sink } = report
  const where = destination === '-' ? 'standard output' : sink.destination
  const written = sink.bytes === undefined ? '' : ` (${size(sink.bytes)})`
  const lines = [
    read(report, noun),
    ...(report.read >= limit ? [] : readUpTo(report)),
    ...besides(report, noun),
    ...(missing !== undefined && missing.count > 0
      ? [`the portal did not return ${plural(missing.count, 'lead')} requested by guid`]
      : []),
    ...(quarantined > 0 ? [`${plural(quarantined, invalid(noun))} quarantined`] : []),
    ...(skipped > 0 ? [`${plural(skipped, invalid(noun))} skipped`] : []),
    `${plural(records, 'record')} written to ${where}${written}`,
    ...(reconciliation === undefined
      ? []
      : [
          `${plural(reconciliation.matching, noun)} match on the portal now, ${compared(reconciliation, noun)}`,
        ]),
    ended(report),
  ]
  return `${lines.join('\n')}\n`
}

const invalid = ([one, many = `${one}s`]: Noun): Noun => [`invalid ${one}`, `invalid ${many}`]

/** The values that are not what the portal sent, in sentences. */
export function changesInWords({ source = { delivered: 0 } }: Report): string[] {
  const { replacedCharacters = 0, repeatedKeys = 0, roundedNumbers = 0, textNumbers = 0 } = source
  const were = (value: number, one: string) => `${plural(value, one)} ${value === 1 ? 'was' : 'were'}`
  const rounded = `${were(roundedNumbers, 'number')} rounded, having more digits than a double holds (--long-numbers text keeps them)`
  const replaced = `${were(replacedCharacters, 'character')} replaced by U+FFFD, not being UTF-8`
  const repeated = `${were(repeatedKeys, 'repeated key')} dropped: the last value of each key is kept`
  const asText = `${were(textNumbers, 'number')} kept as text, which a double can't hold`
  return [
    ...(replacedCharacters > 0 ? [replaced] : []),
    ...(repeatedKeys > 0 ? [repeated] : []),
    ...(roundedNumbers > 0 ? [rounded] : []),
    ...(textNumbers > 0 ? [asText] : []),
  ]
}

/** The flags that end the time to read, by the name of the source. */
const bounds: ReadonlyMap<string | undefined, string> = new Map([
  ['leads', '--stop-time'],
  ['formSubmissions', '--stop-time'],
  ['crmObjects', '--modified-before'],
])

/**
 * How the portal's clock differs from this machine's, in a sentence; undefined if it hardly does, or if the list was not
 * read by time.
 */
export function clockNote({ source, window, forms }: Report): string | undefined {
  const difference = source?.clockDifference
  if (difference === undefined || (window?.stopTime ?? forms?.until) === undefined) return undefined
  const ways = difference > 0 ? 'ahead of' : 'behind'
  return `the portal's clock is ${span(Math.abs(difference))} ${ways} this machine's; reading by time ends by the portal's clock, or at an earlier ${bounds.get(source?.name) ?? 'time'}`
}

/** Records that the portal has, but that were not read, in a sentence; undefined if there are none. */
export function missed({ reconciliation }: Report, noun: Noun): string | undefined {
  const { matching = 0, delivered = 0 } = reconciliation ?? {}
  return matching > delivered
    ? `${plural(matching - delivered, noun)} fewer read than match on the portal now: inserted, un-deleted or changed meanwhile, or missed`
    : undefined
}

/** The end of the part of the list that was read by time. */
function readUpTo({ window, forms }: Report): string[] {
  if (window?.stopTime !== undefined) {
    const { timePivot, stopTime } = window
    return [`read up to ${timePivot} ${new Date(stopTime).toISOString()}`]
  }
  return forms?.until === undefined
    ? []
    : [`read what was submitted before ${new Date(forms.until).toISOString()}`]
}

/** What a source counted besides the records that it delivered, one line for each number that is not 0. */
function besides({ source, forms, submissions }: Report, noun: Noun): string[] {
  const { merged = 0, gone = 0, outside = 0, repeated = 0, unlisted = 0 } = source ?? {}
  const were = (value: number, one: string | Noun) => `${plural(value, one)} ${value === 1 ? 'was' : 'were'}`
  const lines: [number, string][] = [
    [merged, `${were(merged, noun)} merged into others meanwhile: those have what they had`],
    [gone, `${were(gone, noun)} archived or deleted meanwhile`],
    [outside, `${plural(outside, 'result')} of the search dropped: not modified in the time requested`],
    [repeated, `${plural(repeated, 'result')} of the search dropped: returned before`],
    [
      unlisted,
      `${plural(unlisted, noun)} counted by the search, but not returned: its index lags, or they were modified meanwhile`,
    ],
    ...refusals(forms),
    ...joins(submissions),
  ]
  return lines.flatMap(([value, line]) => (value > 0 ? [line] : []))
}

/** Forms that refused their submissions; HubSpot has none of blog comments. */
function refusals(
  { refused }: NonNullable<Report['forms']> = { refused: { count: 0, forms: [] } },
): [number, string][] {
  const names = refused.forms.slice(0, 3).map(({ formGuid, status }) => `${formGuid} (${status})`)
  const more = refused.count > names.length ? ' …' : ''
  return [
    [
      refused.count,
      `the portal refused the submissions of ${plural(refused.count, 'form')}: ${names.join(', ')}${more}`,
    ],
  ]
}

/** Which submissions belong to contacts. */
function joins(submissions: Report['submissions']): [number, string][] {
  if (submissions === undefined) return []
  const { joined, unmatched = 0, unreadable, absentProperties } = submissions
  const { conversionId, time, email } = joined
  const ways = [
    ...(conversionId > 0 ? [`${count(conversionId)} by conversionId`] : []),
    ...(time > 0 ? [`${count(time)} by form and time`] : []),
    ...(email > 0 ? [`${count(email)} by email address`] : []),
  ]
  const all = conversionId + time + email
  return [
    [all, `${plural(all, 'submission')} joined to contacts: ${ways.join(', ')}`],
    [unmatched, `${plural(unmatched, 'submission')} matched no contact`],
    [unreadable, `${plural(unreadable, 'value')} left out, not being of the type of the property`],
    [
      absentProperties.length,
      `the portal lacks ${plural(absentProperties.length, ['property', 'properties'])} that leads are made from: ${absentProperties.join(', ')}`,
    ],
  ]
}

function ended(report: Report): string {
  const { checkpoint, duration } = report
  return checkpoint?.found === 'finished'
    ? `the run of the checkpoint ${checkpoint.path} had finished before: nothing was done`
    : `done in ${span(duration)}${starts(report)}; the numbers add up`
}

function compared(
  { matching, delivered }: NonNullable<Report['reconciliation']>,
  [one, many = `${one}s`]: Noun,
): string {
  return matching === delivered
    ? 'as many as were read'
    : `${count(delivered)} were read: the two differ if ${many} were inserted, deleted or changed meanwhile`
}

function starts({ checkpoint }: Report): string {
  return checkpoint === undefined || checkpoint.starts === 1
    ? ''
    : `, the last of ${checkpoint.starts} starts`
}

function read({ read, source }: Report, noun: Noun): string {
  if (source?.pages === undefined) return `${plural(read, noun)} read`
  const { pages = 0, bytes = 0, requests = 0, retries = 0 } = source
  return `${plural(read, noun)} in ${plural(pages, 'page')}, ${size(bytes)}, ${plural(requests, 'request')}, ${plural(retries, ['retry', 'retries'])}`
}
