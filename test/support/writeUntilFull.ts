// A process that writes many records to a file, and flushes after every hundred; the state of the last flush is in
// another file. Prints its failure to standard error.
import { writeFileSync } from 'node:fs'
import { fileStage } from '../../lib/sinks/file/FileSink.ts'
import { fileSettings } from '../../lib/sinks/file/options.ts'
import { noisy } from './noisy.ts'
import { finish, flushed, openResumable } from './sinkRuns.ts'

const [path = '', statePath = '', count = ''] = process.argv.slice(2)
// A failing write also rejects the call that waits for it.
const run = await openResumable(fileStage(path, fileSettings(path)), { fail() {} })
try {
  for (const record of noisy(Number(count))) {
    await run.write(record)
    if ((record.n + 1) % 100 === 0) {
      writeFileSync(statePath, JSON.stringify({ state: await flushed(run), records: record.n + 1 }))
    }
  }
  await finish(run)
} catch (error) {
  const { code, message } = error as Error & { code?: string }
  process.stderr.write(`${JSON.stringify({ code, message })}\n`)
  await run.end('leave')
}
