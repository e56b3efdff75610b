// A process that writes three records to each path, and prints the result of each as a line to standard error.
import { run } from '../../lib/run/run.ts'
import { toFile } from '../../lib/sinks/toFile.ts'

for (const path of process.argv.slice(2)) {
  try {
    const { records } = await run([1, 2, 3], toFile(path, { format: 'ndjson' }))
    process.stderr.write(`${JSON.stringify({ records })}\n`)
  } catch (error) {
    const { code, message } = error as { code: string; message: string }
    process.stderr.write(`${JSON.stringify({ code, message })}\n`)
  }
}
