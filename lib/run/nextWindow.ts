import type { Checkpoint } from '../checkpoint/Checkpoint.ts'
import { checkpointError } from '../checkpoint/checkpointError.ts'
import type { CheckpointSettings } from '../checkpoint/options.ts'
import type { LeadSource } from '../source/LeadSource.ts'
import { noCounts } from '../source/SourceCounts.ts'
import type { SourceState } from '../source/SourceState.ts'

/**
 * Where the window of time begins that follows a finished one.
 *
 * @throws {LeadpipeError} CHECKPOINT when the finished one was not read to its end.
 */
export function nextWindow(
  source: LeadSource,
  { stand }: Checkpoint,
  { path, overlap }: CheckpointSettings,
): SourceState {
  const { position, portalId, ended, limited } = (stand.source ?? {}) as Partial<SourceState>
  if (!ended || limited || position?.paging !== 'seek' || position.stopTime === undefined) {
    throw checkpointError(
      path,
      'the window before was not read to its end (by a limit, or an operator that wanted no more): there is no next one',
    )
  }
  const { timePivot, stopTime } = position
  const first = Number(source.query.startTime ?? 0)
  return {
    position: { paging: 'seek', leads: 0, timePivot, startTime: Math.max(first, stopTime - overlap) },
    counts: noCounts(),
    ...(portalId === undefined ? {} : { portalId }),
    ended: false,
  }
}
