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

t.test('saveCheckpoint: a saved checkpoint is loaded unchanged', async t => {
  const path = join(t.testdir(), 'a.json')
  t.equal(await loadCheckpoint(path), undefined)
  for (const saves of [1, 2]) {
    await saveCheckpoint(path, aCheckpoint(saves))
    t.strictSame(await loadCheckpoint(path), aCheckpoint(saves))
  }
})

t.test('saveCheckpoint: only the owner can read the file, also if a temporary file existed', async t => {
  const dir = t.testdir()
  const path = join(dir, 'a.json')
  await saveCheckpoint(path, aCheckpoint())
  t.equal(modeOf(path), 0o600)
  writeFileSync(`${path}.tmp`, 'left over')
  chmodSync(`${path}.tmp`, 0o644)
  await saveCheckpoint(path, aCheckpoint())
  t.equal(modeOf(path), 0o600)
})

t.test('saveCheckpoint: an old temporary file is not loaded, and is replaced', async t => {
  const dir = t.testdir()
  const path = join(dir, 'a.json')
  writeFileSync(`${path}.tmp`, 'left over, longer than any checkpoint '.repeat(1_000))
  t.equal(await loadCheckpoint(path), undefined)
  await saveCheckpoint(path, aCheckpoint())
  t.strictSame(await loadCheckpoint(path), aCheckpoint())
  t.strictSame(readdirSync(dir), ['a.json'])
})

t.test('saveCheckpoint: a link at the temporary path is not followed', async t => {
  const dir = t.testdir({ precious: 'as it was' })
  const path = join(dir, 'a.json')
  symlinkSync(join(dir, 'precious'), `${path}.tmp`)
  await saveCheckpoint(path, aCheckpoint())
  t.equal(readFileSync(join(dir, 'precious'), 'utf8'), 'as it was')
  t.strictSame(await loadCheckpoint(path), aCheckpoint())
})

t.test('saveCheckpoint: a path that is a link is saved at its target, and stays a link', async t => {
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

t.test('saveCheckpoint: a failed save is a CHECKPOINT error, and the last checkpoint stays', async t => {
  const path = join(t.testdir(), 'a.json')
  await saveCheckpoint(path, aCheckpoint(1))
  mkdirSync(`${path}.tmp`)
  const error = await failureOf(saveCheckpoint(path, aCheckpoint(2)))
  t.match(error, { code: 'CHECKPOINT', context: { path }, cause: Error })
  t.match((error as Error).message, `checkpoint ${path}: it can't be written: `)
  t.strictSame(await loadCheckpoint(path), aCheckpoint(1))
})

t.test('loadCheckpoint and saveCheckpoint: a directory at the path is a CHECKPOINT error', async t => {
  const dir = t.testdir({ 'a.json': {} })
  const path = join(dir, 'a.json')
  t.match(await failureOf(loadCheckpoint(path)), { code: 'CHECKPOINT', message: /it can't be read: EISDIR/ })
  t.match(await failureOf(saveCheckpoint(path, aCheckpoint())), { code: 'CHECKPOINT', context: { path } })
})
