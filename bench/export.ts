import { once } from 'node:events'
import type { CaseResult } from './exportCase.ts'
import { type Case, medianOf, ratioOf, runRounds } from './rounds.ts'
import { start } from './runCase.ts'
import { table } from './table.ts'

const cases: Case[] = [
  { name: 'leadpipe', file: 'cases/export-leadpipe.ts', ofLeadpipe: true },
  { name: 'leadpipe, with a checkpoint', file: 'cases/export-with-checkpoint.ts', ofLeadpipe: true },
  { name: 'leadpipe, by offset', file: 'cases/export-by-offset.ts', ofLeadpipe: true },
  { name: 'naive loop (fetch, collect, write)', file: 'cases/export-naive-loop.ts' },
  { name: 'stream-json piped by hand', file: 'cases/export-stream-json.ts' },
]

/**
 * The benchmarks `export` and `far`: every lead over HTTP to an NDJSON file.
 *
 * @param delay milliseconds that each answer of the server takes. Default: 0
 * @param base URL of another checkout's package: leadpipe's cases run with it, too. Default: no comparison
 */
export async function benchExport(
  name: string,
  leads: number,
  rounds: number,
  { delay = 0, base }: { delay?: number; base?: string | undefined } = {},
): Promise<string> {
  const server = start('pages.ts', { LEADS: String(leads), DELAY: String(delay) })
  const [line] = await once(server.stdout, 'data')
  const { origin, bytes } = JSON.parse(String(line)) as { origin: string; bytes: number }
  const served = cases.map(one => ({ ...one, env: { ORIGIN: origin } }))
  const results = await runRounds<CaseResult>(served, rounds, base)
  server.stdin.end()

  const digests = new Set([...results.values()].flatMap(({ own, base }) => [...own, ...base]).map(digestOf))
  if (digests.size !== 1) throw new Error('the cases did not write the same bytes')
  const leadpipe = medianOf(results.get('leadpipe')?.own ?? [], secondsOf)
  const rows = [...results].map(([name, result]) => {
    const seconds = medianOf(result.own, secondsOf)
    return [
      name,
      `${seconds.toFixed(2)} s`,
      `${(bytes / 1e6 / seconds).toFixed(0)}`,
      `${medianOf(result.own, peakOf).toFixed(0)} MB`,
      `${(seconds / leadpipe).toFixed(2)} x`,
      ratioOf(result, secondsOf),
      ratioOf(result, cpuOf),
      ratioOf(result, peakOf),
    ]
  })
  const heads = ['', 'time', 'MB/s', 'peak memory', 'time against leadpipe']
  const compared = base === undefined ? [] : ['time against base', 'CPU time', 'peak memory']
  const columns = heads.length + compared.length
  const delayed = delay === 0 ? '' : `, each answer after ${delay} ms`
  return `${name}: ${leads.toLocaleString('en-US')} leads, ${(bytes / 1e6).toFixed(1)} MB${delayed}, median of ${rounds}
${table([[...heads, ...compared], ...rows.map(row => row.slice(0, columns))])}`
}

const secondsOf = ({ seconds }: CaseResult) => seconds
const cpuOf = ({ cpuSeconds }: CaseResult) => cpuSeconds
const peakOf = ({ peakMegabytes }: CaseResult) => peakMegabytes
const digestOf = ({ digest }: CaseResult) => digest
