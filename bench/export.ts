import type { CaseResult } from './exportCase.ts'
import type { Outcome } from './outcome.ts'
import { startServer } from './runCase.ts'
import { type Case, medianOf, type Settings, takeTurns } from './turns.ts'

const leadpipe = (name: string, env: Record<string, string> = {}): Case => ({
  name,
  file: 'leadpipe',
  env,
  ofLeadpipe: true,
})
const own = leadpipe('leadpipe')
const byOffset = leadpipe('leadpipe, by offset', { PAGING: 'offset' })
const withCheckpoint = leadpipe('leadpipe, with a checkpoint', { CHECKPOINT: 'true' })
const byHand: Case[] = [
  { name: 'tight loop', file: 'tightLoop' },
  { name: 'naive loop', file: 'naiveLoop' },
  { name: 'stream-json by hand', file: 'streamJson' },
]
const download: Case = { name: 'bare download', file: 'download' }

/** What is exported, how, and from which server. */
interface Export {
  what: string
  /** A name in `operators.ts` and `byHand.ts`. */
  job: string
  /** The first one is the reference. */
  cases: Case[]
  /** Milliseconds that each answer of the server takes. Default: 0. */
  delay?: number
  /** True if every fsync takes 20 ms longer. Default: false. */
  slowDisk?: boolean
}

const exports: Record<string, Export> = {
  leads: { what: 'unchanged leads', job: 'leads', cases: [own, byOffset, ...byHand, download] },
  project: { what: 'columns of the lead', job: 'project', cases: [own, ...byHand, download] },
  events: { what: 'columns of each conversion event', job: 'events', cases: [own, ...byHand, download] },
  'form-values': {
    what: 'columns of each submitted form field',
    job: 'form-values',
    cases: [own, ...byHand, download],
  },
  checkpoint: { what: 'unchanged leads', job: 'leads', cases: [own, withCheckpoint] },
  'slow-disk': {
    what: 'unchanged leads, 20 ms an fsync',
    job: 'leads',
    cases: [own, withCheckpoint],
    slowDisk: true,
  },
  far: {
    what: 'unchanged leads, each answer after 100 ms',
    job: 'leads',
    cases: [own, byOffset, ...byHand],
    delay: 100,
  },
}

/** The benchmarks of whole exports: leads over HTTP to an NDJSON file. */
export const exportBenchmarks = Object.fromEntries(
  Object.entries(exports).map(([name, what]) => [
    name,
    (settings: Settings) => benchExport(name, what, settings),
  ]),
)

async function benchExport(
  benchmark: string,
  { what, job, cases, delay = 0, slowDisk = false }: Export,
  { leads, rounds: most, against }: Settings,
): Promise<Outcome> {
  // Waiting for a server that is far away takes long, and varies little.
  const [count, rounds] = delay > 0 ? [Math.min(leads, 10_000), Math.min(most, 3)] : [leads, most]
  await using server = await startServer(count, delay)
  const env: Record<string, string> = { ORIGIN: server.origin, JOB: job }
  if (slowDisk) env.NODE_OPTIONS = `--import=${new URL('slowFsync.js', import.meta.url)}`
  const served = cases.map(one => ({ ...one, env: { ...one.env, ...env } }))
  const results = await takeTurns<CaseResult>(served, { rounds, against })

  const digests = [...results.values()].flat().flatMap(({ digest }) => digest ?? [])
  if (new Set(digests).size !== 1) throw new Error(`${benchmark}: the cases did not write the same bytes`)
  const reference = medianOf(results.get(own.name), secondsOf)
  const rows = [...results].map(([name, result]) => {
    const seconds = medianOf(result, secondsOf)
    return {
      name,
      seconds,
      cpuSeconds: medianOf(result, ({ cpuSeconds }) => cpuSeconds),
      megabytesPerSecond: server.bytes / 1e6 / seconds,
      peakMegabytes: medianOf(result, ({ peakMegabytes }) => peakMegabytes),
      ratio: seconds / reference,
    }
  })
  const size = `${count.toLocaleString('en-US')} leads, ${(server.bytes / 1e6).toFixed(1)} MB`
  return { benchmark, title: `${what}; ${size}, median of ${rounds}`, reference: own.name, rows }
}

const secondsOf = ({ seconds }: CaseResult) => seconds
