import { once } from 'node:events'
import type { CaseResult } from './exportCase.ts'
import { runCase, start } from './runCase.ts'
import { median, table } from './table.ts'

const cases = {
  leadpipe: 'cases/export-leadpipe.ts',
  'leadpipe, with a checkpoint': 'cases/export-with-checkpoint.ts',
  'leadpipe, by offset': 'cases/export-by-offset.ts',
  'naive loop (fetch, collect, write)': 'cases/export-naive-loop.ts',
  'stream-json piped by hand': 'cases/export-stream-json.ts',
}

/**
 * The whole export: every lead over HTTP to an NDJSON file.
 *
 * @param delay milliseconds that each answer of the server takes
 */
export async function benchExport(name: string, leads: number, rounds: number, delay = 0): Promise<string> {
  const server = start('pages.ts', { LEADS: String(leads), DELAY: String(delay) })
  const [line] = await once(server.stdout, 'data')
  const { origin, bytes } = JSON.parse(String(line)) as { origin: string; bytes: number }
  const results = new Map<string, CaseResult[]>(Object.keys(cases).map(name => [name, []]))
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, file] of Object.entries(cases)) {
      results.get(name)?.push(await runCase<CaseResult>(file, { ORIGIN: origin }))
    }
  }
  server.stdin.end()

  const digests = new Set([...results.values()].flat().map(({ digest }) => digest))
  if (digests.size !== 1) throw new Error('the cases did not write the same bytes')
  const own = median(results.get('leadpipe')?.map(({ seconds }) => seconds) ?? [])
  const rows = [...results].map(([name, runs]) => {
    const seconds = median(runs.map(run => run.seconds))
    const memory = median(runs.map(run => run.peakMegabytes))
    return [
      name,
      `${seconds.toFixed(2)} s`,
      `${(bytes / 1e6 / seconds).toFixed(0)}`,
      `${memory.toFixed(0)} MB`,
      `${(seconds / own).toFixed(2)} x`,
    ]
  })
  const late = delay === 0 ? '' : `, each answer after ${delay} ms`
  return `${name}: ${leads.toLocaleString('en-US')} leads, ${(bytes / 1e6).toFixed(1)} MB${late}, median of ${rounds}
${table([['', 'time', 'MB/s', 'peak memory', 'time against leadpipe'], ...rows])}`
}
