import { checkOptions, type OptionRules } from '../model/checkOptions.ts'
import type { Progress } from './Report.ts'

/** How a run is watched and ended. */
export interface RunOptions {
  /** Ends the run: every stream is destroyed, and `run` rejects with the signal's reason. */
  signal?: AbortSignal
  /** Called every `progressInterval` with the numbers so far. What it throws fails the run. */
  onProgress?: (progress: Progress) => void
  /** Milliseconds between two calls of `onProgress`, 10 or more. Default: 1,000. */
  progressInterval?: number
}

const rules: OptionRules = {
  owner: 'run() options',
  options: {
    signal: { instanceOf: 'AbortSignal', expected: 'an AbortSignal' },
    onProgress: { instanceOf: 'Function', expected: 'a function' },
    progressInterval: {
      type: 'integer',
      minimum: 10,
      maximum: 2 ** 31 - 1,
      expected: 'an integer, 10 or more (milliseconds)',
    },
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
