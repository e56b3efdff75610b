import { choice, group, integer, type OptionRule } from '../options/optionRule.ts'

/** When a checkpoint is saved; whichever comes first. */
export interface SaveEvery {
  /** Leads, 1 or more. Default: 1,000. */
  leads?: number | undefined
  /** Bytes of leads as they came, 1 or more. Default: 5,000,000. */
  bytes?: number | undefined
  /** Milliseconds, 10 or more; looked at when a lead comes. Default: 5,000. */
  milliseconds?: number | undefined
}

/**
 * Where a run keeps how far it is, so that it can go on after whatever ended it.
 *
 * One run at a time holds a checkpoint: another is refused with CHECKPOINT while it lasts. The lock goes with the
 * process, however that ends. It holds on Linux and Windows, among processes of one machine that share a network
 * namespace: not across containers or machines that share the file.
 */
export interface CheckpointOptions {
  /** Path of the checkpoint file. Its directory must exist. */
  path: string
  /** When it is saved. */
  every?: SaveEvery | undefined
  /**
   * What a run does whose checkpoint says that it has finished: 'stop' does nothing and gives the report of then, and
   * is refused when the file is gone or another; 'restart' begins anew; 'next' reads the window of time that follows (seek paging
   * only): from `overlap` before the last stopTime to the present. It never replaces the last window's file: give its
   * name a `{date}` or `{time}`, or move it away. Default: none, and a checkpoint that has finished is refused.
   */
  whenFinished?: 'stop' | 'restart' | 'next' | undefined
  /**
   * Milliseconds by which a window of 'next' begins before the last one's end, 0 or more. What became visible that
   * late is not missed; what lies in the overlap comes in both windows. Default: 600,000 (ten minutes).
   */
  overlap?: number | undefined
  /**
   * A word for the functions in the pipeline (predicates, steps). Without it their text is compared, so that another
   * function is refused; with it only the word is. Change it when they change. Default: none.
   */
  version?: string | undefined
}

/** The options with every default filled in. */
export interface CheckpointSettings extends Required<Pick<CheckpointOptions, 'path' | 'overlap'>> {
  every: Required<SaveEvery>
  whenFinished: CheckpointOptions['whenFinished']
  version: string | undefined
}

const file = { type: 'string', minLength: 1, expected: 'the path of a file' } as const
const options = group(
  {
    path: file,
    every: group({
      leads: integer({ min: 1 }),
      bytes: integer({ min: 1 }),
      milliseconds: integer({ min: 10 }),
    }),
    whenFinished: choice('stop', 'restart', 'next'),
    overlap: integer({ min: 0, unit: 'milliseconds' }),
    version: { type: 'string', minLength: 1, expected: 'a string that is not empty' },
  },
  ['path'],
)

/** What the option `checkpoint` accepts. */
export const checkpointRule: OptionRule = {
  anyOf: [file, options],
  expected: `${file.expected}, or ${options.expected}`,
}

/** Fills in the defaults. */
export function checkpointSettings(given: string | CheckpointOptions): CheckpointSettings {
  const options: CheckpointOptions = typeof given === 'string' ? { path: given } : given
  const { path, every, whenFinished, overlap, version } = options
  return {
    path,
    every: {
      leads: every?.leads ?? 1_000,
      bytes: every?.bytes ?? 5_000_000,
      milliseconds: every?.milliseconds ?? 5_000,
    },
    whenFinished,
    overlap: overlap ?? 600_000,
    version,
  }
}
