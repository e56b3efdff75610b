import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

/** Starts a file of the benchmarks, by its path without the ending, in a process of its own. */
function start(file: string, env: Record<string, string> = {}) {
  const path = fileURLToPath(new URL(`${file}.js`, import.meta.url))
  return spawn(process.execPath, [path], {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
}

/** Runs a file in `cases/` to its end, and returns the JSON that it printed. */
export async function runCase<T>(file: string, env: Record<string, string> = {}): Promise<T> {
  const child = start(`cases/${file}`, env)
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')])
  if (code !== 0) throw new Error(`${file} exited with ${code}`)
  return JSON.parse(output)
}

/** The server of prepared pages, in a process of its own. */
export interface PageServer extends AsyncDisposable {
  origin: string
  /** The bytes of all leads. */
  bytes: number
}

/**
 * Starts the server of prepared pages.
 *
 * @param delay milliseconds that each answer takes. Default: 0
 */
export async function startServer(leads: number, delay = 0): Promise<PageServer> {
  const server = start('pages', { LEADS: String(leads), DELAY: String(delay) })
  const [line] = await once(server.stdout, 'data')
  return {
    ...JSON.parse(String(line)),
    async [Symbol.asyncDispose]() {
      server.stdin.end()
      await once(server, 'exit')
    },
  }
}
