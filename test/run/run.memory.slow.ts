import { execFile } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { compileChild } from '../support/compileChild.ts'
import { leastPeak } from '../support/leastPeak.ts'
import { plainNode } from '../support/plainNode.ts'

// The timeout suits a busy machine.
t.setTimeout(600_000)

/** Runs a script in a child process; resolves to the JSON that it printed. */
async function outputOf<T>(...args: string[]): Promise<T> {
  const [command, ...node] = plainNode
  const { stdout } = await promisify(execFile)(command, [...node, ...args])
  return JSON.parse(stdout)
}

/** Megabytes by which the peak memory for the large lead may exceed that for the small one. */
const tolerance = 120

t.test(
  `run: a lead that explodes to 500 MB peaks within ${tolerance} MB of one that explodes to 5 MB`,
  async t => {
    const dir = t.testdir()
    const script = await compileChild('explodeOne', join(dir, 'compiled'))
    const path = join(dir, 'exploded.ndjson')
    async function peak(megabytes: number): Promise<number> {
      type Printed = { records: number; bytes: number; peakMegabytes: number }
      const { records, bytes, peakMegabytes } = await outputOf<Printed>(script, path, String(megabytes))
      rmSync(path)
      t.equal(records, megabytes * 20)
      t.ok(bytes > megabytes * 1e6, `${bytes} bytes were written`)
      return peakMegabytes
    }
    const small = await leastPeak(() => peak(5), 0)
    const large = await leastPeak(() => peak(500), small + tolerance)
    t.comment(`peak memory: ${Math.round(small)} MB for 5 MB, ${Math.round(large)} MB for 500 MB`)
    t.ok(large < small + tolerance, `${small} MB and ${large} MB`)
  },
)

/** Megabytes by which the heap may grow while the last 900,000 of a million values pass. */
const growth = 10

t.test(`run: a million waits grow the heap by less than ${growth} MB`, async t => {
  const script = await compileChild('waitMillion', join(t.testdir(), 'compiled'))
  for (const place of ['source', 'operator', 'several calls', 'generator', 'sink']) {
    type Printed = { received: number; tenth: number; all: number }
    const { received, tenth, all } = await outputOf<Printed>('--expose-gc', script, place)
    t.comment(`waiting for the ${place}: heap of ${tenth.toFixed(1)} MB, then of ${all.toFixed(1)} MB`)
    t.equal(received, 1_000_000)
    t.ok(all - tenth < growth, `the heap while the run waits for the ${place}: ${tenth} MB and ${all} MB`)
  }
})
