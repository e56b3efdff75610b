import type { Report } from '../../lib/index.ts'

/** The counts of a report that are the same however often its run was interrupted and resumed. */
export function countsOf({ read, records, skipped, quarantined, missing, operators, sink, source }: Report) {
  const { received, acknowledged } = sink
  const { delivered, rejected } = source ?? {}
  return {
    read,
    records,
    skipped,
    quarantined,
    missing,
    operators,
    sink: { received, acknowledged },
    source: { delivered, rejected },
  }
}
