import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

/** The result of a case, which it prints as one line of JSON. */
export interface CaseResult {
  seconds: number
  /** CPU time of all threads. */
  cpuSeconds: number
  peakMegabytes: number
  /** Digest of the file that it wrote: cases that wrote different bytes are not comparable. */
  digest: string
}

/** Runs one case of the export benchmark in this process, and prints its result. */
export async function exportCase(work: (origin: string, path: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'leadpipe-bench-'))
  const path = join(folder, 'leads.ndjson')
  const before = process.cpuUsage()
  const started = performance.now()
  await work(process.env.ORIGIN as string, path)
  const seconds = (performance.now() - started) / 1_000
  const { user, system } = process.cpuUsage(before)
  const cpuSeconds = (user + system) / 1e6
  const peakMegabytes = process.resourceUsage().maxRSS / 1_000
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  await rm(folder, { recursive: true })
  const result: CaseResult = { seconds, cpuSeconds, peakMegabytes, digest: hash.digest('hex') }
  console.log(JSON.stringify(result))
}
