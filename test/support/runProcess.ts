import { type SpawnOptions, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { root } from './root.ts'

/** How a process ended and what it printed. */
export interface ProcessResult {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

/**
 * The arguments with which Node starts a TypeScript or JavaScript file of the project, by its path from the root folder.
 * If the tests are compiled, the files below test/ are too.
 */
export function scriptOf(file: string): string[] {
  if (!file.endsWith('.ts')) return [`${root}${file}`]
  if (file.startsWith('test/') && import.meta.url.endsWith('.js')) {
    return [`${root}.test/${file.replace(/\.ts$/, '.js')}`]
  }
  return ['--import=tsx', `${root}${file}`]
}

/** Starts a TypeScript or JavaScript file of the project, by its path from the root folder. */
export function startProcess(file: string, args: readonly string[] = [], options: SpawnOptions = {}) {
  return spawn(process.execPath, [...scriptOf(file), ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...options,
    // Without the settings of the test runner, such as coverage.
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...options.env },
  })
}

/** Runs a file of the project until it exits. */
export async function runProcess(
  file: string,
  args: readonly string[] = [],
  options: SpawnOptions = {},
): Promise<ProcessResult> {
  const child = startProcess(file, args, options)
  const [stdout, stderr, [code, signal]] = await Promise.all([
    child.stdout ? text(child.stdout) : '',
    child.stderr ? text(child.stderr) : '',
    once(child, 'close'),
  ])
  return { code, signal, stdout, stderr }
}
