import { withDefaults } from '../options/checkOptions.ts'
import { choice, group, integer, type OptionRule } from '../options/optionRule.ts'

/** When a checkpoint is saved: at the first of these that is reached. */
export interface SaveEvery {
  /** Leads, 1 or more. Default: 1,000. */
  leads?: number | undefined
  /** Bytes of the leads as received, 1 or more. Default: 5,000,000. */
  bytes?: number | undefined
  /** Milliseconds, 10 or more; checked when a lead arrives. Default: 5,000. */
  milliseconds?: number | undefined
}

/**
 * Where a run saves its progress, so that it can resume after any interruption.
 *
 * One run at a time holds a checkpoint: a second run is refused with CHECKPOINT. The lock is released when the
 * process ends, in any way. It works on Linux and Windows, among processes of one machine that share a network
 * namespace: not across containers or machines that share the file.
 */
export interface CheckpointOptions {
  /** Path of the checkpoint file, the same at each start: without placeholders. Its directory must exist. */
  path: string
  /** When it is saved. */
  every?: SaveEvery | undefined
  /**
   * What `run` does if the run of the checkpoint has already finished. 'stop' does nothing and returns the report of
   * the finished run; the start is refused when the file is gone or has changed. 'restart' starts over. 'next' reads
   * the following window of time (`leads()` with seek paging, `formSubmissions()`, and `crmObjects()` with
   * `modifiedAfter`): from `overlap` before the end of the last one until now, minus the `lag` of the source. It never
   * replaces the file of the last window: put `{date}` or `{time}` into the name, or move the file away.
   * With timePivot 'lastModifiedAt', deletions are in it only if the query has `includeDeleted`. Default: none, and a
   * finished checkpoint is refused.
   */
  whenFinished?: 'stop' | 'restart' | 'next' | undefined
  /**
   * Milliseconds by which a window of 'next' begins before the end of the last one, 0 or more. Leads that became
   * visible late, by at most this time, are not missed; leads within the overlap are in both windows. Default:
   * 600,000 (ten minutes).
   */
  overlap?: number | undefined
  /**
   * The version of the functions in the pipeline (predicates, steps). Without it, their text is compared, and a
   * changed function is refused. With it, only the version is compared: change it when the functions change. Default:
   * none.
   */
  version?: string | undefined
}

/** The options with every default filled in. */
export interface CheckpointSettings extends Required<Pick<CheckpointOptions, 'path' | 'overlap'>> {
  every: Required<SaveEvery>
  whenFinished: CheckpointOptions['whenFinished']
  version: string | undefined
}

const file = {
  type: 'string',
  minLength: 1,
  // A URL, or a placeholder, which would not be filled in.
  not: { pattern: '^[A-Za-z][A-Za-z0-9.+-]+://|\\{(date|time)\\}' },
  expected: 'the path of a file, the same at each start',
} as const
/** What the options accept. */
export const checkpointRules = {
  path: file,
  every: group({
    leads: integer({ min: 1, default: 1_000 }),
    bytes: integer({ min: 1, default: 5_000_000 }),
    milliseconds: integer({ min: 10, default: 5_000 }),
  }),
  whenFinished: choice('stop', 'restart', 'next'),
  overlap: integer({ min: 0, unit: 'milliseconds', default: 600_000 }),
  version: { type: 'string', minLength: 1, expected: 'a string that is not empty' },
}
const options = group(checkpointRules, ['path'])

/** The values that the option `checkpoint` accepts. */
export const checkpointRule: OptionRule = {
  anyOf: [file, options],
  expected: `${file.expected}, or ${options.expected}`,
}

/** Fills in the defaults. */
export function checkpointSettings(given: string | CheckpointOptions): CheckpointSettings {
  const options = typeof given === 'string' ? { path: given } : given
  const unset = { whenFinished: undefined, version: undefined }
  return { ...unset, ...withDefaults(options, checkpointRules) } as CheckpointSettings
}
