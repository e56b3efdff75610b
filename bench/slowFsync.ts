// Preloaded by the cases of a slow disk: every sync of a file takes 20 ms longer. leadpipe syncs through FileHandle.
import { open } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

await using handle = await open(fileURLToPath(import.meta.url))
const fileHandle = Object.getPrototypeOf(handle)
let syncs = 0
for (const name of ['sync', 'datasync']) {
  const sync = fileHandle[name]
  fileHandle[name] = async function () {
    syncs += 1
    await wait(20)
    await sync.call(this)
  }
}
process.once('exit', () => {
  if (syncs === 0) throw new Error('no file was synced through FileHandle: nothing was slowed down')
})
