import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { loadCheckpoint, saveCheckpoint } from '../../lib/checkpoint/CheckpointStore.ts'
import { failureOf } from '../support/failureOf.ts'
import { aCheckpoint } from './aCheckpoint.ts'

const modeOf = (path: string) => statSync(path).mode & 0o777

t.test('what is saved is loaded, whatever is in it', async t => {
  const path = join(t.testdir(), 'a.json')
  t.equal(await loadCheckpoint(path), undefined)
  for (const saves of [1, 2]) {
    await saveCheckpoint(path, aCheckpoint(saves))
    t.strictSame(await loadCheckpoint(path), aCheckpoint(saves))
  }
})

t.test('nobody else may read it, whatever was left behind by another', async t => {
  const dir = t.testdir()
  const path = join(dir, 'a.json')
  await saveCheckpoint(path, aCheckpoint())
  t.equal(modeOf(path), 0o600)
  writeFileSync(`${path}.tmp`, 'left behind')
  chmodSync(`${path}.tmp`, 0o644)
  await saveCheckpoint(path, aCheckpoint())
  t.equal(modeOf(path), 0o600)
})

t.test('a temporary file that was left behind is no checkpoint, and replaced', async t => {
  const dir = t.testdir()
  const path = join(dir, 'a.json')
  writeFileSync(`${path}.tmp`, 'left behind, longer than any checkpoint '.repeat(1_000))
  t.equal(await loadCheckpoint(path), undefined)
  await saveCheckpoint(path, aCheckpoint())
  t.strictSame(await loadCheckpoint(path), aCheckpoint())
  t.strictSame(readdirSync(dir), ['a.json'])
})

t.test('a link in the place of the temporary file leads nowhere', async t => {
  const dir = t.testdir({ precious: 'as it was' })
  const path = join(dir, 'a.json')
  symlinkSync(join(dir, 'precious'), `${path}.tmp`)
  await saveCheckpoint(path, aCheckpoint())
  t.equal(readFileSync(join(dir, 'precious'), 'utf8'), 'as it was')
  t.strictSame(await loadCheckpoint(path), aCheckpoint())
})

t.test('one that is a link is saved where it leads, and stays a link', async t => {
  const dir = t.testdir({ volume: {} })
  const path = join(dir, 'a.json')
  symlinkSync(join('volume', 'b.json'), path)
  for (const saves of [1, 2]) {
    await saveCheckpoint(path, aCheckpoint(saves))
    t.strictSame(await loadCheckpoint(join(dir, 'volume', 'b.json')), aCheckpoint(saves))
    t.ok(lstatSync(path).isSymbolicLink())
  }
  t.strictSame(readdirSync(join(dir, 'volume')), ['b.json'])
})

t.test("one that can't be written leaves the last one as it was", async t => {
  const path = join(t.testdir(), 'a.json')
  await saveCheckpoint(path, aCheckpoint(1))
  mkdirSync(`${path}.tmp`)
  const error = await failureOf(saveCheckpoint(path, aCheckpoint(2)))
  t.match(error, { code: 'CHECKPOINT', context: { path }, cause: Error })
  t.match((error as Error).message, `checkpoint ${path}: it can't be written: `)
  t.strictSame(await loadCheckpoint(path), aCheckpoint(1))
})

t.test('a directory in its place is refused, to be read and to be written', async t => {
  const dir = t.testdir({ 'a.json': {} })
  const path = join(dir, 'a.json')
  t.match(await failureOf(loadCheckpoint(path)), { code: 'CHECKPOINT', message: /it can't be read: EISDIR/ })
  t.match(await failureOf(saveCheckpoint(path, aCheckpoint())), { code: 'CHECKPOINT', context: { path } })
})
