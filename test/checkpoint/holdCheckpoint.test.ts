import { readdirSync, symlinkSync } from 'node:fs'
import { join, relative } from 'node:path'
import t from 'tap'
import { holdCheckpoint } from '../../lib/checkpoint/holdCheckpoint.ts'
import { failureOf } from '../support/failureOf.ts'

t.test('one run at a time has a checkpoint, by whatever name', async t => {
  const dir = t.testdir({ folder: {} })
  symlinkSync(join(dir, 'folder'), join(dir, 'link'))
  const path = join(dir, 'folder', 'a.json')
  const letGo = await holdCheckpoint(path)
  for (const name of [path, relative(process.cwd(), path), join(dir, 'link', 'a.json')]) {
    t.match(await failureOf(holdCheckpoint(name)), {
      code: 'CHECKPOINT',
      message: /another run is going on with it; wait for its end, or give another path$/,
      context: { path: name },
    })
  }
  const other = await holdCheckpoint(join(dir, 'folder', 'b.json'))
  await other()
  await letGo()
  await (await holdCheckpoint(path))()
  t.strictSame(readdirSync(join(dir, 'folder')), [])
})
