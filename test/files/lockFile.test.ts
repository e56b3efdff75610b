import { readdirSync, symlinkSync } from 'node:fs'
import { join, relative } from 'node:path'
import t from 'tap'
import { lockFile } from '../../lib/files/lockFile.ts'
import { failureOf } from '../support/failureOf.ts'
import { runProcess } from '../support/runProcess.ts'

const refusal = (cause: unknown) => new Error('locked', { cause })

t.test('lockFile: a file can be locked once at a time, under whatever name', async t => {
  const dir = t.testdir({ folder: {} })
  symlinkSync(join(dir, 'folder'), join(dir, 'link'))
  const path = join(dir, 'folder', 'a.json')
  // A link to a file that does not exist yet.
  symlinkSync(path, join(dir, 'a-link.json'))
  const release = await lockFile(path, refusal)
  for (const name of [
    path,
    relative(process.cwd(), path),
    join(dir, 'link', 'a.json'),
    join(dir, 'a-link.json'),
  ]) {
    t.match(await failureOf(lockFile(name, refusal)), { message: 'locked', cause: { code: 'EADDRINUSE' } })
  }
  const releaseOther = await lockFile(join(dir, 'folder', 'b.json'), refusal)
  await releaseOther()
  await release()
  await (await lockFile(path, refusal))()
  t.strictSame(readdirSync(join(dir, 'folder')), [])
})

t.test('lockFile: of two workers of a cluster, one gets the lock', async t => {
  const path = join(t.testdir(), 'a.json')
  const { code, stdout, stderr } = await runProcess('test/support/children/lockInCluster.ts', [path])
  t.equal(code, 0, stderr)
  t.strictSame(stdout.split('\n').toSorted(), ['', 'got it', 'locked'])
})
