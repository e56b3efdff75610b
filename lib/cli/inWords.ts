import type { Report } from '../index.ts'

/** A number with thousands separators, the same in every locale. */
export function count(value: number): string {
  return value.toLocaleString('en-US')
}

/** "1 lead", "2 leads". */
export function plural(value: number, one: string, many = `${one}s`): string {
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

/**
 * A report for people.
 *
 * @param destination the user's argument; `-` for standard output
 * @param limit the most leads that the run was to read
 */
export function reportText(report: Report, destination: string, limit = Number.POSITIVE_INFINITY): string {
  const { records = 0, skipped, quarantined, missing, reconciliation, sink } = report
  const where = destination === '-' ? 'standard output' : sink.destination
  const written = sink.bytes === undefined ? '' : ` (${size(sink.bytes)})`
  const lines = [
    read(report),
    ...readUpTo(report, limit),
    ...(missing !== undefined && missing.count > 0
      ? [`the portal did not return ${plural(missing.count, 'lead')} requested by guid`]
      : []),
    ...(quarantined > 0 ? [`${plural(quarantined, 'invalid lead')} quarantined`] : []),
    ...(skipped > 0 ? [`${plural(skipped, 'invalid lead')} skipped`] : []),
    `${plural(records, 'record')} written to ${where}${written}`,
    ...(reconciliation === undefined
      ? []
      : [`${plural(reconciliation.matching, 'lead')} match on the portal now, ${compared(reconciliation)}`]),
    ended(report),
  ]
  return `${lines.join('\n')}\n`
}

/** The values that are not what the portal sent, in sentences. */
export function changesInWords({ source = { delivered: 0 } }: Report): string[] {
  const { replacedCharacters = 0, repeatedKeys = 0, roundedNumbers = 0, textNumbers = 0 } = source
  const were = (value: number, one: string) => `${plural(value, one)} ${value === 1 ? 'was' : 'were'}`
  const rounded = `${were(roundedNumbers, 'number')} rounded, having more digits than a double holds (--long-numbers text keeps them)`
  const replaced = `${were(replacedCharacters, 'character')} replaced by U+FFFD, not being UTF-8`
  const repeated = `${were(repeatedKeys, 'repeated key')} dropped: of each key, a lead keeps the last value`
  const asText = `${were(textNumbers, 'number')} kept as text, which a double can't hold`
  return [
    ...(replacedCharacters > 0 ? [replaced] : []),
    ...(repeatedKeys > 0 ? [repeated] : []),
    ...(roundedNumbers > 0 ? [rounded] : []),
    ...(textNumbers > 0 ? [asText] : []),
  ]
}

/**
 * How the portal's clock differs from this machine's, in a sentence; undefined if it hardly does, or if the list was not
 * read by time.
 */
export function clockNote({ source, window }: Report): string | undefined {
  const difference = source?.clockDifference
  if (difference === undefined || window === undefined) return undefined
  const ways = difference > 0 ? 'ahead of' : 'behind'
  return `the portal's clock is ${span(Math.abs(difference))} ${ways} this machine's; reading by time ends by the portal's clock, or at an earlier --stop-time`
}

/** Leads that the portal has, but that were not read, in a sentence; undefined if there are none. */
export function missed({ reconciliation }: Report): string | undefined {
  const { matching = 0, delivered = 0 } = reconciliation ?? {}
  return matching > delivered
    ? `${plural(matching - delivered, 'lead')} fewer read than match on the portal now: inserted, un-deleted or changed meanwhile, or missed`
    : undefined
}

/** The end of the part of the list that was read by time, unless the limit ended it earlier. */
function readUpTo({ leads, window }: Report, limit: number): string[] {
  if (window?.stopTime === undefined || leads >= limit) return []
  const { timePivot, stopTime } = window
  return [`read up to ${timePivot} ${new Date(stopTime).toISOString()}`]
}

function ended(report: Report): string {
  const { checkpoint, duration } = report
  return checkpoint?.found === 'finished'
    ? `the run of the checkpoint ${checkpoint.path} had finished before: nothing was done`
    : `done in ${span(duration)}${starts(report)}; the numbers add up`
}

function compared({ matching, delivered }: NonNullable<Report['reconciliation']>): string {
  return matching === delivered
    ? 'as many as were read'
    : `${count(delivered)} were read: the two differ if leads were inserted, deleted or changed meanwhile`
}

function starts({ checkpoint }: Report): string {
  return checkpoint === undefined || checkpoint.starts === 1
    ? ''
    : `, the last of ${checkpoint.starts} starts`
}

function read({ leads, source }: Report): string {
  if (source?.pages === undefined) return `${plural(leads, 'lead')} read`
  const { pages = 0, bytes = 0, requests = 0, retries = 0 } = source
  return `${plural(leads, 'lead')} in ${plural(pages, 'page')}, ${size(bytes)}, ${plural(requests, 'request')}, ${plural(retries, 'retry', 'retries')}`
}
