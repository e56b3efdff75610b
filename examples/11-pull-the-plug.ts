// An export that is killed again and again, and goes on each time: the file comes out byte for byte the same.
// This file is the parent and the child: the child exports, the parent kills it.
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
      // Rarely is it worth while to save so often; here it is to be seen.
      checkpoint: { path: `${path}.checkpoint.json`, every: { leads: 100 } },
      onProgress: ({ leads }) => process.send?.(leads),
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
for (let ended = false; !ended; ) {
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
  console.log(signal === null ? `start ${starts}: done` : `start ${starts}: ${signal} behind lead ${limit}`)
  ended = code === 0
}

const whole = join(folder, 'whole.ndjson')
const report = await exportTo(whole, portal)
const sum = async (file: string) =>
  createHash('sha256')
    .update(await readFile(file))
    .digest('hex')
console.log(
  `${await sum(killed)}  killed ${starts - 1} times\n${await sum(whole)}  undisturbed, ${report.records} records`,
)
assert.equal(await sum(killed), await sum(whole))
