import type { Readable, Writable } from 'node:stream'
import type { CheckpointOptions, Operator, Report } from '../../lib/index.ts'
import { run } from '../../lib/run/run.ts'
import { paced } from './paced.ts'
import type { Workplace } from './Workplace.ts'
import { type Moment, watchSaves } from './watchSaves.ts'

/** What a run with a checkpoint consists of. */
export interface CheckpointRun {
  source: Readable
  /** Whether leads wait while a checkpoint is saved, so that the number of saves is fixed. Default: no `paced`. */
  waits?: boolean
  /** Default: none. */
  operators?: Operator<never, unknown>
  sink: Writable
  /** Leads from one save to the next. Default: as `checkpoint` says. */
  every?: number
  /** Further options of the checkpoint. */
  checkpoint?: Partial<CheckpointOptions>
  signal?: AbortSignal
  /** Called at each moment at which a process may be killed, such as `work.keep`. */
  onMoment?: (moment: Moment) => void
}

/** Starts a run whose checkpoint is in a work folder, or resumes it from there. */
export function runWithCheckpoint(
  work: Workplace,
  { source, waits, operators, sink, every, checkpoint, signal, onMoment }: CheckpointRun,
): Promise<Report> {
  const anyRun = run as (...stages: unknown[]) => Promise<Report>
  return anyRun(
    source,
    ...(waits === undefined ? [] : [paced(waits)]),
    ...(operators === undefined ? [] : [operators]),
    onMoment === undefined ? sink : watchSaves(sink, onMoment),
    {
      checkpoint: { path: work.checkpoint, ...(every && { every: { leads: every } }), ...checkpoint },
      signal,
    },
  )
}
