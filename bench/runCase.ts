import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

/** Starts a file in this folder in a process of its own. */
export function start(file: string, env: Record<string, string> = {}) {
  const path = fileURLToPath(new URL(file, import.meta.url))
  return spawn(process.execPath, ['--import=tsx', path], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
}

/** Runs a file in this folder to its end, and returns the JSON that it printed. */
export async function runCase<T>(file: string, env: Record<string, string> = {}): Promise<T> {
  const child = start(file, env)
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  if (code !== 0) throw new Error(`${file} exited with ${code}`)
  return JSON.parse(output)
}
