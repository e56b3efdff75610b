import { cpus } from 'node:os'
import { benchDecode } from './decode.ts'
import { benchExport } from './export.ts'

const rounds = Number(process.env.ROUNDS ?? 5)
const leads = Number(process.env.LEADS ?? 20_000)
const benchmarks: Record<string, () => Promise<string>> = {
  export: () => benchExport('export', leads, rounds),
  far: () => benchExport('far', Math.min(leads, 10_000), Math.min(rounds, 3), 100),
  decode: () => benchDecode(Math.min(rounds, 3)),
}

const wanted = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(benchmarks)
const unknown = wanted.find(name => !Object.hasOwn(benchmarks, name))
if (unknown !== undefined) {
  console.error(`unknown benchmark ${unknown}; there are: ${Object.keys(benchmarks).join(', ')}`)
  process.exit(2)
}
const [cpu] = cpus()
console.log(`Node ${process.version}, ${cpus().length} cores, ${cpu?.model ?? 'unknown processor'}\n`)
for (const name of wanted) console.log(`${await benchmarks[name]?.()}\n`)
