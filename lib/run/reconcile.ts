import { LeadpipeError } from '../errors.ts'
import { optionError } from '../options/checkOptions.ts'
import type { SourceStage } from '../stage/SourceStage.ts'
import type { Outcome } from './finish.ts'
import type { Report } from './Report.ts'

/**
 * Checks that the elements of a source can be counted on the server.
 *
 * @throws {LeadpipeError} OPTION
 */
export function checkReconcilable({ count }: SourceStage): void {
  if (count !== undefined) return
  const expected = 'expected leads() as the source, without guids, offset, limit and from'
  throw optionError('run() options: reconcile', expected)
}

/** Adds the number of leads that match on the server now to a report. */
export async function reconcile(
  { count }: SourceStage,
  { report, ended }: Outcome,
  signal?: AbortSignal,
): Promise<Report> {
  const { delivered = 0, rejected = 0 } = report.source ?? {}
  try {
    const matching = (await count?.(ended, signal)) ?? 0
    return { ...report, reconciliation: { matching, delivered: delivered + rejected } }
  } catch (error) {
    if (!(error instanceof LeadpipeError)) throw error
    const { code, message, context, retryable } = error
    const why = `everything is written, but what matches could not be counted: ${message}`
    throw Object.assign(new LeadpipeError(code, why, { context, retryable, cause: error }), { report })
  }
}
