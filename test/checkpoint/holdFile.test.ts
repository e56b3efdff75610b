import { readdirSync, symlinkSync } from 'node:fs'
import { join, relative } from 'node:path'
import t from 'tap'
import { holdFile } from '../../lib/checkpoint/holdFile.ts'
import { failureOf } from '../support/failureOf.ts'

const refusal = (cause: unknown) => new Error('held', { cause })

t.test('one at a time has a file, by whatever name', async t => {
  const dir = t.testdir({ folder: {} })
  symlinkSync(join(dir, 'folder'), join(dir, 'link'))
  const path = join(dir, 'folder', 'a.json')
  // It leads to a file that does not exist yet.
  symlinkSync(path, join(dir, 'a-link.json'))
  const letGo = await holdFile(path, refusal)
  for (const name of [
    path,
    relative(process.cwd(), path),
    join(dir, 'link', 'a.json'),
    join(dir, 'a-link.json'),
  ]) {
    t.match(await failureOf(holdFile(name, refusal)), { message: 'held', cause: { code: 'EADDRINUSE' } })
  }
  const other = await holdFile(join(dir, 'folder', 'b.json'), refusal)
  await other()
  await letGo()
  await (await holdFile(path, refusal))()
  t.strictSame(readdirSync(join(dir, 'folder')), [])
})
