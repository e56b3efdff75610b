import type { Report } from '../../lib/index.ts'

/** What of a report is the same however often its run was ended and gone on with. */
export function countsOf({ leads, records, skipped, quarantined, missing, operators, sink, source }: Report) {
  const { received, acknowledged } = sink
  const { delivered, rejected } = source ?? {}
  return {
    leads,
    records,
    skipped,
    quarantined,
    missing,
    operators,
    sink: { received, acknowledged },
    source: { delivered, rejected },
  }
}
