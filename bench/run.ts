import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { compare } from './compare.ts'
import { benchDecode } from './decode.ts'
import { exportBenchmarks } from './export.ts'
import { type Outcome, type Results, textOf } from './outcome.ts'
import { benchStart } from './start.ts'
import { targetsTable } from './targets.ts'
import type { Settings } from './turns.ts'
import { benchValue } from './value.ts'

const benchmarks: Record<string, (settings: Settings) => Promise<Outcome>> = {
  ...exportBenchmarks,
  value: benchValue,
  decode: benchDecode,
  start: benchStart,
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' }, compare: { type: 'string' }, against: { type: 'string' } },
})
const settings: Settings = {
  leads: Number(process.env.LEADS ?? 20_000),
  rounds: Number(process.env.ROUNDS ?? 5),
  against: values.against === undefined ? undefined : packageIn(values.against),
}
const before: Results | undefined =
  values.compare === undefined ? undefined : JSON.parse(readFileSync(values.compare, 'utf8'))
const wanted = positionals.length > 0 ? positionals : Object.keys(benchmarks)
const unknown = wanted.find(name => !Object.hasOwn(benchmarks, name))
if (unknown !== undefined)
  refuse(`unknown benchmark ${unknown}; there are: ${Object.keys(benchmarks).join(', ')}`)

const [cpu] = cpus()
const machine = `Node ${process.version}, ${cpus().length} cores, ${cpu?.model ?? 'unknown processor'}`
console.log(`${machine}\n`)
// leadpipe would use a proxy that the environment names; the loops would not.
process.env.no_proxy = '*'
const outcomes: Outcome[] = []
save()
for (const name of wanted) {
  const outcome = (await benchmarks[name]?.(settings)) as Outcome
  outcomes.push(outcome)
  save()
  console.log(`${textOf(outcome)}\n`)
}
console.log(targetsTable(outcomes))
if (before !== undefined) console.log(`\n${compare(outcomes, before)}`)

/** Saves what was measured until now. */
function save(): void {
  const results: Results = { machine, outcomes }
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(results, null, 2)}\n`)
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
