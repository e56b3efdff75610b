import { type CheckpointOptions, checkpointRule, checkpointRules } from '../checkpoint/options.ts'
import { clientRules } from '../hubspot/options.ts'
import { validateRules } from '../operators/validate.ts'
import { checkOptions, hintsFrom, type OptionRules } from '../options/checkOptions.ts'
import { integer } from '../options/optionRule.ts'
import { fileRules } from '../sinks/file/options.ts'
import { httpRules } from '../sinks/http/options.ts'
import { leadsRules } from '../sources/options.ts'
import type { Report } from './Report.ts'

/** How a run is watched, saved and ended. */
export interface RunOptions {
  /**
   * Where the run saves its progress: a path, or {@link CheckpointOptions}. A run that is started again with the
   * same pipeline resumes there: a file becomes byte for byte the same as without the interruption (a compressed
   * one, after decompression), and an HTTP receiver gets batches under the same keys. Needs a source of
   * leadpipe as the source, `toFile`, `toHttp` or `sink()` as the sink or as each output of a `tee`, and operators that can save their state. An abort saves the
   * progress before `run` rejects. Default: none.
   */
  checkpoint?: string | CheckpointOptions | undefined
  /**
   * True counts the records that match on the server after the run, with a few requests of one record each. The report
   * holds that number next to the number of emitted ones, in `report.reconciliation`. They differ if the portal
   * changed during the run. Not with guids, a limit
   * or archived records, and not of forms and submissions. Default: false.
   */
  reconcile?: boolean | undefined
  /**
   * Ends the run: every stream is destroyed, and `run` rejects with the signal's reason. By then leadpipe's own
   * streams are closed; yours may close later.
   */
  signal?: AbortSignal | undefined
  /** Called every `progressInterval` with the numbers so far. If it throws, the run fails. */
  onProgress?: ((progress: Report) => void) | undefined
  /** Milliseconds between two calls of `onProgress`, 10 to 2,147,483,647. Default: 1,000. */
  progressInterval?: number | undefined
}

/** What the options accept. */
export const runRules: OptionRules = {
  owner: 'run()',
  options: {
    checkpoint: checkpointRule,
    reconcile: { type: 'boolean', default: false, expected: 'true or false' },
    signal: { instanceOf: 'AbortSignal', expected: 'an AbortSignal' },
    onProgress: { instanceOf: 'Function', expected: 'a function' },
    progressInterval: integer({ min: 10, max: 2 ** 31 - 1, unit: 'milliseconds', default: 1_000 }),
  },
  elsewhere: {
    ...hintsFrom(validateRules, httpRules, fileRules, clientRules, leadsRules),
    ...Object.fromEntries(
      Object.keys(checkpointRules).map(name => [name, 'it belongs to checkpoint: { path, whenFinished, … }']),
    ),
    limit: 'it belongs to leads(), or use the operator take()',
    format: 'it belongs to the sink',
    compression: 'it belongs to the sink',
  },
}

/**
 * Checks the options of `run`.
 *
 * @throws {LeadpipeError} OPTION
 */
export function runOptions(given: RunOptions | undefined): RunOptions {
  return checkOptions(given, runRules)
}
