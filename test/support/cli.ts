import type { SpawnOptions } from 'node:child_process'
import { type ProcessResult, runProcess, startProcess } from './runProcess.ts'

const main = 'dist/cli/main.js'

/** Starts the built `leadpipe` with these arguments. */
export function startCli(args: readonly string[], options?: SpawnOptions) {
  return startProcess(main, args, options)
}

/** Runs the built `leadpipe` with these arguments until it exits. */
export function cli(args: readonly string[], options?: SpawnOptions): Promise<ProcessResult> {
  return runProcess(main, args, options)
}
