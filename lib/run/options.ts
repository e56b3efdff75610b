import { type CheckpointOptions, checkpointRule } from '../checkpoint/options.ts'
import { checkOptions, type OptionRules } from '../options/checkOptions.ts'
import { integer } from '../options/optionRule.ts'
import type { Report } from './Report.ts'

/** How a run is watched and ended. */
export interface RunOptions {
  /**
   * Where the run keeps how far it is: a path, or {@link CheckpointOptions}. Started again with the same pipeline,
   * it goes on from there: a file comes out byte for byte as if nothing had happened (a compressed one after
   * decompression), batches go to an HTTP receiver under the same keys. For `leads()` as the source, `toFile` or
   * `toHttp` as the sink, and operators that can save their state. An abort saves what is done before it rejects.
   * Default: none.
   */
  checkpoint?: string | CheckpointOptions | undefined
  /**
   * True asks the server afterwards how many leads match, with a few requests of one lead, and puts the number
   * beside that of the leads handed on, in `report.reconciliation`. They differ where the portal changed meanwhile.
   * Not with guids or a limit. Default: false.
   */
  reconcile?: boolean | undefined
  /**
   * Ends the run: every stream is destroyed, and `run` rejects with the signal's reason. Streams of leadpipe's own are
   * closed by then; those of your own close in their time.
   */
  signal?: AbortSignal | undefined
  /** Called every `progressInterval` with the numbers so far. What it throws fails the run. */
  onProgress?: ((progress: Report) => void) | undefined
  /** Milliseconds between two calls of `onProgress`, 10 to 2,147,483,647. Default: 1,000. */
  progressInterval?: number | undefined
}

const rules: OptionRules = {
  owner: 'run() options',
  options: {
    checkpoint: checkpointRule,
    reconcile: { type: 'boolean', expected: 'true or false' },
    signal: { instanceOf: 'AbortSignal', expected: 'an AbortSignal' },
    onProgress: { instanceOf: 'Function', expected: 'a function' },
    progressInterval: integer({ min: 10, max: 2 ** 31 - 1, unit: 'milliseconds' }),
  },
  elsewhere: { limit: 'it belongs to leads(), or use the operator take()' },
}

/**
 * Checks the options of `run`.
 *
 * @throws {LeadpipeError} OPTION
 */
export function runOptions(given: RunOptions | undefined): RunOptions {
  return checkOptions(given, rules)
}
