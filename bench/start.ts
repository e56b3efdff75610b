import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Outcome } from './outcome.ts'
import { startServer } from './runCase.ts'
import { medianOf, type Settings } from './turns.ts'

const dist = fileURLToPath(new URL('../dist/', import.meta.url))
const main = join(dist, 'cli/main.js')

/** Whole processes, from their start to their end. */
export async function benchStart({ rounds }: Settings): Promise<Outcome> {
  await using server = await startServer(1)
  const folder = mkdtempSync(join(tmpdir(), 'leadpipe-bench-'))
  const destination = join(folder, 'lead.ndjson')
  const commands: Record<string, string[]> = {
    'node -e 0': ['-e', '0'],
    'leadpipe --version': [main, '--version'],
    'leadpipe export --help': [main, 'export', '--help'],
    "import 'leadpipe'": [join(dist, 'index.js')],
    'leadpipe export of one lead': [
      ...[main, 'export', destination, '--include-deleted', '--quiet'],
      ...['--origin', server.origin, '--access-token', 'bench'],
    ],
  }
  // A process is short: more rounds than the other benchmarks have.
  const times = rounds * 5
  const results = new Map<string, number[]>(Object.keys(commands).map(name => [name, []]))
  for (let round = 0; round < times; round += 1)
    for (const [name, args] of Object.entries(commands)) results.get(name)?.push(millisecondsOf(args))
  rmSync(folder, { recursive: true })

  const reference = 'node -e 0'
  const medianFor = (name: string) => medianOf(results.get(name), time => time)
  const rows = Object.keys(commands).map(name => {
    const milliseconds = medianFor(name)
    return { name, milliseconds, ratio: milliseconds / medianFor(reference) }
  })
  return { benchmark: 'start', title: `whole processes, median of ${times}`, reference, rows }
}

function millisecondsOf(args: readonly string[]): number {
  const started = performance.now()
  const { status, stderr } = spawnSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  if (status !== 0) throw new Error(`node ${args.join(' ')} exited with ${status}: ${stderr}`)
  return performance.now() - started
}
