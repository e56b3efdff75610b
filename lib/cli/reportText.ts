import { resolve } from 'node:path'
import type { Report } from '../index.ts'
import { plural, size, span } from './inWords.ts'

/** A report for people. */
export function reportText(report: Report, destination: string): string {
  const { leads, records, skipped, source, sink, duration } = report
  const where = destination === '-' ? 'standard output' : resolve(destination)
  const written = sink.bytes === undefined ? '' : ` (${size(sink.bytes)})`
  const lines = [
    `${plural(leads, 'lead')} in ${plural(source?.pages ?? 0, 'page')}, ${size(source?.bytes ?? 0)}, ${plural(source?.requests ?? 0, 'request')}, ${plural(source?.retries ?? 0, 'retry', 'retries')}`,
    ...(skipped > 0 ? [`${plural(skipped, 'invalid lead')} left out`] : []),
    `${plural(records, 'record')} written to ${where}${written}`,
    `done in ${span(duration)}; the numbers add up`,
  ]
  return `${lines.join('\n')}\n`
}
