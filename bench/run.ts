import { existsSync } from 'node:fs'
import { cpus } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { benchDecode } from './decode.ts'
import { benchExport } from './export.ts'
import { benchValue } from './value.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { compare: { type: 'string' } },
})
const rounds = Number(process.env.ROUNDS ?? 5)
const leads = Number(process.env.LEADS ?? 20_000)
const base = values.compare === undefined ? undefined : packageIn(values.compare)
const benchmarks: Record<string, () => Promise<string>> = {
  export: () => benchExport('export', leads, rounds, { base }),
  far: () => benchExport('far', Math.min(leads, 10_000), Math.min(rounds, 3), { delay: 100, base }),
  value: () => benchValue(rounds, base),
  decode: () => benchDecode(Math.min(rounds, 3)),
}

/** The URL of the built package in another checkout. Ends the process if there is none. */
function packageIn(folder: string): string {
  const path = resolve(folder, 'dist/index.js')
  if (!existsSync(path)) refuse(`there is no ${join(folder, 'dist/index.js')}: build the package there first`)
  return pathToFileURL(path).href
}

function refuse(message: string): never {
  console.error(message)
  process.exit(2)
}

const wanted = positionals.length > 0 ? positionals : Object.keys(benchmarks)
const unknown = wanted.find(name => !Object.hasOwn(benchmarks, name))
if (unknown !== undefined)
  refuse(`unknown benchmark ${unknown}; there are: ${Object.keys(benchmarks).join(', ')}`)
const [cpu] = cpus()
console.log(`Node ${process.version}, ${cpus().length} cores, ${cpu?.model ?? 'unknown processor'}`)
if (base !== undefined) console.log(`base: the package in ${resolve(values.compare as string)}`)
console.log()
for (const name of wanted) console.log(`${await benchmarks[name]?.()}\n`)
