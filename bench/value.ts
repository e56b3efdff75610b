import type { Outcome } from './outcome.ts'
import { type Case, type Settings, takeTurns } from './turns.ts'

const value = (SOURCE: string, OPERATORS: string, name: string, ofLeadpipe = true): Case => ({
  name: `${SOURCE}, ${name}`,
  file: 'value',
  env: { SOURCE, OPERATORS },
  ofLeadpipe,
})
const transforms = value('Readable', '5 Transforms', '5 Transforms in stream.pipeline', false)
const cases = [
  ...['array', 'generator', 'Readable'].flatMap(source => [
    value(source, 'none', 'no operator'),
    value(source, '3 sync', '3 synchronous'),
    value(source, '1 async', '1 asynchronous'),
  ]),
  value('Readable', '5 sync', '5 synchronous, fused by run()'),
  transforms,
]

/** The cost of one value between a source in memory and a sink that only counts. */
export async function benchValue({ rounds, against }: Settings): Promise<Outcome> {
  const results = await takeTurns<{ nanoseconds: number }>(cases, { rounds, against })
  const leastOf = (name: string) =>
    Math.min(...(results.get(name) ?? []).map(({ nanoseconds }) => nanoseconds))
  const rows = [...results.keys()].map(name => {
    const nanoseconds = leastOf(name)
    return { name, nanoseconds, ratio: nanoseconds / leastOf(transforms.name) }
  })
  // The least, not the median: the work is the same each time, and other load on the machine only adds to it.
  const title = `from memory through run() to a sink that counts, CPU time, least of ${rounds}`
  return { benchmark: 'value', title, reference: '5 Transforms', rows }
}
