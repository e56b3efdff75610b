// A process that writes three records to a path, and tells on standard error how it went.
import { run, toFile } from '../../lib/index.ts'

const [path = ''] = process.argv.slice(2)
try {
  const { records } = await run([1, 2, 3], toFile(path, { format: 'ndjson' }))
  process.stderr.write(JSON.stringify({ records }))
} catch (error) {
  const { code, message } = error as { code: string; message: string }
  process.stderr.write(JSON.stringify({ code, message }))
}
