import { LeadpipeError } from '../errors.ts'
import { optionError } from '../model/checkOptions.ts'
import type { Position } from '../model/Position.ts'
import { LeadSource } from '../source/LeadSource.ts'
import type { SourceCounts } from '../source/SourceCounts.ts'
import type { Report } from './Report.ts'

/**
 * Looks whether what a source reads can be counted on the server.
 *
 * @throws {LeadpipeError} OPTION
 */
export function checkReconcilable(source: unknown): void {
  if (source instanceof LeadSource && source.isCountable) return
  const expected = 'expected leads() as the source, without guids, offset, limit and from'
  throw optionError('run() options: reconcile', expected)
}

/**
 * Adds to a report how many leads match on the server now.
 *
 * @param ended where the source ended, if that was in an earlier process
 */
export async function reconcile(
  source: LeadSource,
  report: Report,
  ended: Position = source.position,
  signal?: AbortSignal,
): Promise<Report> {
  const { delivered, rejected } = report.source as SourceCounts
  try {
    const matching = await source.countMatching(ended, signal)
    return { ...report, reconciliation: { matching, delivered: delivered + rejected } }
  } catch (error) {
    if (!(error instanceof LeadpipeError)) throw error
    const { code, message, context, retryable } = error
    const why = `everything is written, but what matches could not be counted: ${message}`
    throw Object.assign(new LeadpipeError(code, why, { context, retryable, cause: error }), { report })
  }
}
