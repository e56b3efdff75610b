import type { Report } from '../index.ts'
import { plural, size, span } from './inWords.ts'

/**
 * A report for people.
 *
 * @param destination what the user gave; `-` for standard output
 */
export function reportText(report: Report, destination: string): string {
  const { records, skipped, quarantined, missing, reconciliation, sink } = report
  const where = destination === '-' ? 'standard output' : sink.destination
  const written = sink.bytes === undefined ? '' : ` (${size(sink.bytes)})`
  const lines = [
    read(report),
    ...(missing !== undefined && missing.count > 0
      ? [`${plural(missing.count, 'lead')} asked for by guid did not come`]
      : []),
    ...(quarantined > 0 ? [`${plural(quarantined, 'invalid lead')} quarantined`] : []),
    ...(skipped > 0 ? [`${plural(skipped, 'invalid lead')} left out`] : []),
    `${plural(records, 'record')} written to ${where}${written}`,
    ...(reconciliation === undefined
      ? []
      : [
          `${plural(reconciliation.matching, 'lead')} match on the portal now, ${reconciliation.delivered} were read`,
        ]),
    ended(report),
  ]
  return `${lines.join('\n')}\n`
}

function ended(report: Report): string {
  const { checkpoint, duration } = report
  return checkpoint?.found === 'finished'
    ? `the run had finished before, by the checkpoint ${checkpoint.path}: nothing was done`
    : `done in ${span(duration)}${starts(report)}; the numbers add up`
}

function starts({ checkpoint }: Report): string {
  return checkpoint === undefined || checkpoint.starts === 1
    ? ''
    : `, the last of ${checkpoint.starts} starts`
}

function read({ leads, source }: Report): string {
  if (source === undefined) return `${plural(leads, 'lead')} read`
  const { pages, bytes, requests, retries } = source
  return `${plural(leads, 'lead')} in ${plural(pages, 'page')}, ${size(bytes)}, ${plural(requests, 'request')}, ${plural(retries, 'retry', 'retries')}`
}
