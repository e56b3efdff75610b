import { runCase } from './runCase.ts'
import { median, table } from './table.ts'

const ways = {
  'express lane': 'express',
  'stream-json lane': 'stream-json',
  "stream-json's own streams": 'stream-json-streams',
  'JSON.parse of the whole page': 'JSON.parse',
}

/** The benchmark `decode`: converts the bytes of one page to leads. */
export async function benchDecode(rounds: number): Promise<string> {
  const results = new Map<string, number[]>(Object.keys(ways).map(name => [name, []]))
  let bytes = 0
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, way] of Object.entries(ways)) {
      const result = await runCase<{ seconds: number; bytes: number }>('cases/decode.ts', { WAY: way })
      bytes = result.bytes
      results.get(name)?.push(result.seconds)
    }
  }
  const own = median(results.get('express lane') ?? [])
  const rows = [...results].map(([name, seconds]) => {
    const middle = median(seconds)
    return [name, `${(bytes / 1e6 / middle).toFixed(0)}`, `${(middle / own).toFixed(2)} x`]
  })
  return `decode: a page of 100 leads, ${(bytes / 1e3).toFixed(0)} kB, median of ${rounds}
${table([['', 'MB/s', 'time against the express lane'], ...rows])}`
}
