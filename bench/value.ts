import { type Case, runRounds } from './rounds.ts'
import { table } from './table.ts'

const sources = ['array', 'generator', 'async generator', 'Readable', 'Readable.from']
const operators = { none: 'no operator', '3 sync': '3 synchronous', '1 async': '1 asynchronous' }

const value = (SOURCE: string, OPERATORS: string, name: string, ofLeadpipe = true): Case => ({
  name,
  file: 'cases/value.ts',
  env: { SOURCE, OPERATORS },
  ofLeadpipe,
})
const fused = '5 synchronous, fused by run()'
const transforms = '5 Transforms in stream.pipeline'
const cases = [
  ...sources.flatMap(source =>
    Object.entries(operators).map(([key, name]) => value(source, key, `${source}, ${name}`)),
  ),
  value('Readable', '5 sync', `Readable, ${fused}`),
  value('Readable', '5 Transforms', `Readable, ${transforms}`, false),
]

/** The benchmark `value`: the cost of one value between a source in memory and a sink that only counts. */
export async function benchValue(rounds: number, base?: string): Promise<string> {
  const results = await runRounds<{ nanoseconds: number }>(cases, rounds, base)
  const rows = [...results].map(([name, { own, base }]) => {
    const [ours, theirs] = [leastOf(own), leastOf(base)]
    const compared = base.length === 0 ? ['', ''] : [theirs.toFixed(0), `${(ours / theirs).toFixed(2)} x`]
    return [name, ours.toFixed(0), ...compared]
  })
  const heads = ['', 'ns per value', 'base', 'against base']
  const columns = base === undefined ? 2 : heads.length
  return `value: from memory through run() into a sink that counts, CPU time, least of ${rounds}
${table([heads, ...rows].map(row => row.slice(0, columns)))}`
}

/** The least, not the median: the work is the same each time, and other load only adds to it. */
const leastOf = (results: readonly { nanoseconds: number }[]) =>
  Math.min(...results.map(({ nanoseconds }) => nanoseconds))
