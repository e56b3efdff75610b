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
import { fileStore, loadCheckpoint, saveCheckpoint } from '../../lib/checkpoint/CheckpointStore.ts'
import { checkpointTemporary } from '../support/checkpointTemporary.ts'
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
  const temporary = await checkpointTemporary(path)
  writeFileSync(temporary, 'left over')
  chmodSync(temporary, 0o644)
  await saveCheckpoint(path, aCheckpoint())
  t.equal(modeOf(path), 0o600)
})

t.test('saveCheckpoint: an old temporary file is not loaded, and is replaced', async t => {
  const dir = t.testdir()
  const path = join(dir, 'a.json')
  writeFileSync(await checkpointTemporary(path), 'left over, longer than any checkpoint '.repeat(1_000))
  t.equal(await loadCheckpoint(path), undefined)
  await saveCheckpoint(path, aCheckpoint())
  t.strictSame(await loadCheckpoint(path), aCheckpoint())
  t.strictSame(readdirSync(dir), ['a.json'])
})

t.test('saveCheckpoint: a link at the temporary path is not followed', async t => {
  const dir = t.testdir({ precious: 'as it was' })
  const path = join(dir, 'a.json')
  symlinkSync(join(dir, 'precious'), await checkpointTemporary(path))
  await saveCheckpoint(path, aCheckpoint())
  t.equal(readFileSync(join(dir, 'precious'), 'utf8'), 'as it was')
  t.strictSame(await loadCheckpoint(path), aCheckpoint())
})

t.test('saveCheckpoint: files of the user beside the checkpoint stay as they are', async t => {
  const dir = t.testdir({ 'a.json.tmp': 'mine', 'a.json.partial': 'mine' })
  const path = join(dir, 'a.json')
  await saveCheckpoint(path, aCheckpoint())
  for (const name of ['a.json.tmp', 'a.json.partial']) t.equal(readFileSync(join(dir, name), 'utf8'), 'mine')
})

t.test(
  'saveCheckpoint: a name of 255 bytes is saved and loaded, and its temporary file is removed',
  async t => {
    const dir = t.testdir()
    for (const name of ['x'.repeat(255), 'é'.repeat(127)]) {
      await saveCheckpoint(join(dir, name), aCheckpoint())
      t.strictSame(await loadCheckpoint(join(dir, name)), aCheckpoint())
    }
    t.equal(readdirSync(dir).length, 2)
  },
)

t.test('fileStore: a checkpoint stays where it is when the process changes its directory', async t => {
  const dir = t.testdir({ elsewhere: {} })
  const before = process.cwd()
  t.teardown(() => process.chdir(before))
  process.chdir(dir)
  const store = await fileStore('a.json')
  process.chdir('elsewhere')
  await store.save(aCheckpoint())
  t.strictSame(await store.load(), aCheckpoint())
  t.strictSame(readdirSync(dir), ['a.json', 'elsewhere'])
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
  mkdirSync(await checkpointTemporary(path))
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
