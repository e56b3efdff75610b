// A process that writes numbered records to standard output in the ways of its arguments, one after the other, and prints
// the result of each as a line to standard error.
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { encode } from '../../lib/operators/encode.ts'
import { take } from '../../lib/operators/take.ts'
import { run } from '../../lib/run/run.ts'
import { toFile } from '../../lib/sinks/toFile.ts'

const [count = '0', ...wanted] = process.argv.slice(2)
const text = 'ü'.repeat(100)

async function* numbered() {
  for (let n = 0; n < Number(count); n += 1) yield { n, text }
}

const ways: Record<string, () => Promise<unknown>> = {
  run: () => run(numbered(), encode(), process.stdout),
  pipeline: () => pipeline(Readable.from(numbered()), encode('json'), process.stdout),
  take: () => run(numbered(), take(3), encode('json'), process.stdout),
  file: () => run(numbered(), toFile('/dev/stdout', { format: 'ndjson' })),
  // @ts-expect-error: what a caller in JavaScript may do.
  objects: () => run([{ a: 1 }], process.stdout),
  async manyRuns() {
    const listeners = () =>
      process.stdout.eventNames().reduce((sum, name) => sum + process.stdout.listenerCount(name), 0)
    const before = listeners()
    for (let n = 0; n < 20; n += 1) {
      await run([n], encode(), process.stdout)
      await run([1n], encode(), process.stdout).catch(() => {})
    }
    return { listeners: listeners() - before }
  },
}

process.on('unhandledRejection', reason => process.stderr.write(`unhandled: ${reason}\n`))
for (const way of wanted) {
  let outcome: unknown
  try {
    outcome = await ways[way]?.()
  } catch (error) {
    const { code, message, cause } = error as { code: string; message: string; cause?: { code?: string } }
    outcome = { code, message, cause: cause?.code }
  }
  process.stderr.write(`${JSON.stringify(outcome ?? {})}\n`)
}
