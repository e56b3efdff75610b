import { LeadpipeError } from '../errors.ts'
import { LeadSource } from '../source/LeadSource.ts'
import type { Report } from './Report.ts'

/**
 * Looks whether what a source reads can be counted on the server.
 *
 * @throws {LeadpipeError} OPTION
 */
export function checkReconcilable(source: unknown): void {
  if (source instanceof LeadSource && source.isCountable) return
  const message = 'run() options: reconcile: expected leads() as the source, without guids, offset and limit'
  throw new LeadpipeError('OPTION', message, { context: { option: 'reconcile' } })
}

/** Adds to a report how many leads match on the server now. */
export async function reconcile(
  source: unknown,
  report: Report,
  signal: AbortSignal | undefined,
): Promise<Report> {
  if (!(source instanceof LeadSource)) return report
  const matching = await source.countMatching(signal)
  const { delivered, rejected } = source.counts
  return { ...report, reconciliation: { matching, delivered: delivered + rejected } }
}
