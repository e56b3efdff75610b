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
  /** Digest of the file: cases that wrote different bytes are not comparable. Absent if the case writes no file. */
  digest?: string
}

/**
 * Runs one case of an export in this process, and prints its result.
 *
 * @param work exports from the server at `origin` to a new file
 * @param writesFile false if it only downloads
 */
export async function exportCase(
  work: (origin: string, path: string) => Promise<void>,
  { writesFile = true } = {},
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'leadpipe-bench-'))
  const path = join(folder, 'leads.ndjson')
  const before = process.cpuUsage()
  const started = performance.now()
  await work(process.env.ORIGIN as string, path)
  const seconds = (performance.now() - started) / 1_000
  const { user, system } = process.cpuUsage(before)
  const peakMegabytes = process.resourceUsage().maxRSS / 1_000
  const result: CaseResult = { seconds, cpuSeconds: (user + system) / 1e6, peakMegabytes }
  if (writesFile) result.digest = await digestOf(path)
  await rm(folder, { recursive: true })
  console.log(JSON.stringify(result))
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}
