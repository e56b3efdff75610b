import { execFile } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { compileChild } from './compileChild.ts'
import { leastPeak } from './leastPeak.ts'
import { plainNode } from './plainNode.ts'
import { serveOneBody } from './serveOneBody.ts'

/** Megabytes. */
const tolerance = 40
const leadsPerMegabyte = 200

/** Tests that one body of 800 MB needs no more memory than one of 8 MB. */
export function comparePeaks(paging: 'seek' | 'offset', checkpoint: boolean): void {
  const what = `${paging} paging, ${checkpoint ? 'with' : 'without'} a checkpoint`
  t.test(`one body of 8 MB and one of 800 MB peak within ${tolerance} MB of each other: ${what}`, async t => {
    const dir = t.testdir()
    const script = await compileChild('exportBody', join(dir, 'compiled'))
    const small = await peak(t, script, 8, paging, checkpoint)
    const large = await leastPeak(() => peak(t, script, 800, paging, checkpoint), small + tolerance)
    t.comment(`peak memory: ${Math.round(small)} MB for 8 MB, ${Math.round(large)} MB for 800 MB`)
    t.ok(Math.abs(large - small) < tolerance, `${small} MB and ${large} MB`)
  })
}

/** Exports one body of this size in a separate process; resolves to its peak memory in megabytes. */
async function peak(
  t: Test,
  script: string,
  megabytes: number,
  paging: string,
  checkpoint: boolean,
): Promise<number> {
  const count = megabytes * leadsPerMegabyte
  const { origin, targets } = await serveOneBody(t, count)
  const path = join(t.testdirName, `${megabytes}.ndjson`)
  const options = checkpoint ? [`${path}.checkpoint`] : []
  const [command, ...node] = plainNode
  const { stdout } = await promisify(execFile)(command, [...node, script, origin, path, paging, ...options])
  // The next run starts again from the beginning.
  for (const file of [path, ...options]) rmSync(file)
  const { records, bytes, peakMegabytes } = JSON.parse(stdout)
  t.equal(records, count)
  t.ok(bytes > 0.95e6 * megabytes, `${bytes} bytes were written`)
  t.ok(targets.length < 20, `${targets.length} requests`)
  return peakMegabytes
}
