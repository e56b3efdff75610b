// Kills an export twice. It resumes each time, and the file is byte for byte that of an undisturbed export.
// This file is both the parent and the child: the child exports, the parent kills it.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { explodeEvents, HubSpotClient, leads, project, run, toFile, validate } from 'leadpipe'
import { createPortal } from 'leadpipe/portal'

async function exportTo(path: string, { origin, accessToken }: { origin: string; accessToken: string }) {
  await using client = new HubSpotClient({ accessToken, origin, rateLimit: 'none' })
  return await run(
    leads(client),
    validate(),
    explodeEvents(),
    project({ guid: 'guid', form: 'conversionEvent.formName', at: 'conversionEvent.convertDate' }),
    toFile(path),
    {
      // Only for this demonstration: the default, every 1,000 leads, is better.
      checkpoint: { path: `${path}.checkpoint.json`, every: { leads: 100 } },
      onProgress: ({ read }) => process.send?.(read),
      progressInterval: 10,
    },
  )
}

const [path, origin, accessToken] = process.argv.slice(2)
if (path !== undefined && origin !== undefined && accessToken !== undefined) {
  await exportTo(path, { origin, accessToken })
  process.exit()
}

await using portal = await createPortal({ leads: 2_000 })
const folder = await mkdtemp(join(tmpdir(), 'leadpipe-'))
const killed = join(folder, 'killed.ndjson')
let starts = 0
for (let isDone = false; !isDone; ) {
  starts += 1
  const limit = starts * 600
  const child = spawn(
    process.execPath,
    [...process.execArgv, fileURLToPath(import.meta.url), killed, portal.origin, portal.accessToken],
    { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
  )
  child.on('message', leads => {
    if (starts <= 2 && Number(leads) >= limit) child.kill('SIGKILL')
  })
  const [code, signal] = await once(child, 'close')
  console.log(signal === null ? `start ${starts}: done` : `start ${starts}: ${signal} after lead ${limit}`)
  isDone = code === 0
}

const whole = join(folder, 'whole.ndjson')
const report = await exportTo(whole, portal)
const checksum = async (file: string) =>
  createHash('sha256')
    .update(await readFile(file))
    .digest('hex')
console.log(
  `${await checksum(killed)}  killed ${starts - 1} times\n${await checksum(whole)}  undisturbed, ${report.records} records`,
)
assert.equal(await checksum(killed), await checksum(whole))
