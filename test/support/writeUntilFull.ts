// A process that writes many records to a file, with a mark after every hundred; the state of the last one is
// in another file. Tells on standard error how it failed.
import { writeFileSync } from 'node:fs'
import { toFile } from '../../lib/sinks/toFile.ts'
import { continuation, endOf, mark, put } from './marked.ts'
import { noisy } from './noisy.ts'

const [path = '', statePath = '', count = ''] = process.argv.slice(2)
const sink = toFile(path)
sink.on('error', ({ code, message }: Error & { code?: string }) => {
  process.stderr.write(`${JSON.stringify({ code, message })}\n`)
})
await sink.continueFrom(continuation())
try {
  for (const record of noisy(Number(count))) {
    await put(sink, record)
    if ((record.n + 1) % 100 === 0) {
      writeFileSync(statePath, JSON.stringify({ state: await mark(sink), records: record.n + 1 }))
    }
  }
  await endOf(sink)
} catch {
  // The event has told.
}
