import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  appendFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { basename, join, relative } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { fileStage } from '../../lib/sinks/file/FileSink.ts'
import type { FileState } from '../../lib/sinks/file/fileState.ts'
import { temporaryOf } from '../../lib/sinks/file/openFile.ts'
import { fileSettings } from '../../lib/sinks/file/options.ts'
import { toFile } from '../../lib/sinks/toFile.ts'
import type { Ending, SinkOpening } from '../../lib/stage/SinkStage.ts'
import { failureOf } from '../support/failureOf.ts'
import { noisy } from '../support/noisy.ts'
import { leakedFiles, openFiles } from '../support/openFiles.ts'
import { partialOf } from '../support/partialOf.ts'
import { reread } from '../support/reread.ts'
import {
  checkpointKey,
  finish,
  flushed,
  openResumable,
  type ResumableRun,
  type Saved,
  writeAll,
} from '../support/sinkRuns.ts'
import { turns } from '../support/turns.ts'

/*
 * A file as a stage that can be resumed: how `run` uses it, with nothing of a run around it.
 */

const names = ['a.ndjson', 'a.json', 'a.ndjson.gz', 'a.json.gz']
const records = [{ n: 0 }, { n: 1, text: 'Grüße 😀' }, 'two', [3], { n: 4, text: 'x'.repeat(5_000) }]

/** The file, decompressed. */
function contents(path: string): string {
  const bytes = readFileSync(path)
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()
}

/** What the file holds after a run that nothing disturbs. */
function document(name: string, values: readonly unknown[]): string {
  const texts = values.map(value => JSON.stringify(value))
  if (name.includes('.ndjson')) return texts.map(text => `${text}\n`).join('')
  return texts.length === 0 ? '[]\n' : `[\n${texts.join(',\n')}\n]\n`
}

const stageOf = (path: string) => fileStage(path, fileSettings(path))

/** A run that begins, or resumes from a state. */
function open(path: string, state?: unknown, opening: Partial<SinkOpening> = {}): Promise<ResumableRun> {
  return openResumable(stageOf(path), state === undefined ? opening : { ...opening, state })
}

/** Writes, flushes and is killed: the file that is left ends in what no state speaks of. */
async function crashed(
  path: string,
  values: readonly unknown[],
  places: readonly number[],
): Promise<Saved[]> {
  const run = await open(path)
  const saved = await writeAll(run, values, places)
  await run.end('leave')
  return saved
}

/** The state of a file that is prepared, and crashed before it was committed. */
async function prepared(path: string, values: readonly unknown[]): Promise<FileState> {
  const run = await open(path)
  await writeAll(run, values, [2])
  const state = reread(await run.prepare())
  await run.end('leave')
  return state as FileState
}

const dir = t.testdir()
const folder = () => mkdtempSync(join(dir, 'case-'))
const temporary = (path: string) => temporaryOf(path, checkpointKey)

for (const name of names) {
  t.test(
    `${name}: from each state that a flush gave, the file becomes what it is without a crash`,
    async () => {
      const scenario = fc.record({
        values: fc.array(
          fc.oneof(
            fc.jsonValue({ maxDepth: 1 }).filter(value => value !== null),
            fc.nat(300_000).map(length => 'x'.repeat(length)),
          ),
          { maxLength: 6 },
        ),
        places: fc.array(fc.nat(6), { maxLength: 4 }),
        garbage: fc.uint8Array({ maxLength: 10_000 }),
      })
      const property = fc.asyncProperty(scenario, async ({ values, places, garbage }) => {
        const path = join(folder(), name)
        const flushes = places.map(place => Math.min(place, values.length)).toSorted()
        const saved = await crashed(path, values, flushes)
        assert.equal(saved.length, flushes.length)
        assert.equal(existsSync(path), false)
        const left = flushes.length > 0 ? readFileSync(partialOf(path)) : Buffer.alloc(0)
        for (const { state, records } of [{ state: undefined, records: 0 }, ...saved]) {
          writeFileSync(temporary(path), left)
          appendFileSync(temporary(path), garbage)
          const run = await open(path, state)
          assert.deepEqual(run.counts(), {
            received: records,
            acknowledged: records,
            bytes: (state as FileState | undefined)?.bytes ?? 0,
          })
          // The flushes at the state's own place come again; each gives a state at the same place.
          for (const again of await writeAll(run, values, flushes, records)) {
            assert.equal((again.state as FileState).records, again.records)
          }
          const { tail, ...end } = (await finish(run)) as FileState
          assert.equal(contents(path), document(name, values))
          const bytes = statSync(path).size
          assert.deepEqual(run.counts(), { received: values.length, acknowledged: values.length, bytes })
          const expected = { path, temporary: temporary(path), bytes, records: values.length, complete: true }
          assert.deepEqual(end, expected)
          assert.match(tail, /^[0-9a-f]{64}$/)
          assert.deepEqual(readdirSync(join(path, '..')), [name])
          rmSync(path)
        }
      })
      await fc.assert(property, { numRuns: 12 })
    },
  )

  t.test(`${name}: crashed at any moment, again and again, nothing is lost or doubled`, async t => {
    const values = noisy(400)
    const places = [0, 50, 51, 120, 200, 333, 400]
    for (let moment = 1; moment < 60; moment += 12) {
      const path = join(folder(), name)
      let last: Saved = { state: undefined, records: 0 }
      for (let crashes = 0; crashes < 4; crashes += 1) {
        const run = await open(path, last.state)
        const write = async () => {
          let from = last.records
          for (const place of places.filter(place => place >= last.records)) {
            await writeAll(run, values.slice(0, place), [], from)
            last = { state: await flushed(run), records: place }
            from = place
          }
        }
        const writing = write().catch(() => {})
        await Promise.race([turns(moment), writing])
        await run.end('leave')
        await writing
      }
      const run = await open(path, last.state)
      await writeAll(run, values, [], last.records)
      await finish(run)
      t.equal(contents(path), document(name, values), `moment ${moment}`)
      t.strictSame(readdirSync(join(path, '..')), [name])
    }
  })

  t.test(`${name}: prepared, and crashed before the rename: commit is all that is left to do`, async t => {
    const path = join(folder(), name)
    writeFileSync(path, 'older')
    const state = await prepared(path, records)
    t.match(state, { path, temporary: temporary(path), records: 5, complete: true })
    t.equal(readFileSync(path, 'utf8'), 'older')

    const run = await open(path, state)
    t.equal(readFileSync(path, 'utf8'), 'older', 'to open it changes nothing')
    t.equal(run.destination, path)
    t.strictSame(run.counts(), { received: 5, acknowledged: 5, bytes: statSync(temporary(path)).size })
    t.strictSame(await run.prepare(), state, 'it is prepared already')
    await run.commit()
    t.equal(contents(path), document(name, records))
    t.strictSame(readdirSync(join(path, '..')), [name])

    const { ino } = statSync(path)
    const again = await open(path, state)
    t.strictSame(again.counts(), { received: 5, acknowledged: 5, bytes: statSync(path).size })
    await again.commit()
    t.equal(statSync(path).ino, ino, 'behind the rename, nothing is left to do')
    t.equal(contents(path), document(name, records))
  })

  t.test(`${name}: prepared with no records, it becomes an empty document`, async t => {
    const path = join(folder(), name)
    const run = await open(path)
    const state = (await run.prepare()) as FileState
    t.notOk(existsSync(path))
    await run.end('leave')
    for (let commits = 0; commits < 2; commits += 1) {
      await (await open(path, reread(state))).commit()
      t.equal(contents(path), document(name, []))
    }
  })

  t.test(
    `${name}: a flush before any record makes an empty file; one without new records adds nothing`,
    async t => {
      const path = join(folder(), name)
      const run = await open(path)
      t.strictSame(readdirSync(join(path, '..')), [], 'nothing is touched before')
      t.equal(run.destination, undefined)
      t.match(await flushed(run), { path, bytes: 0, records: 0 })
      t.equal(run.destination, path)
      t.equal(statSync(partialOf(path)).size, 0)
      await run.write({ n: 1 })
      const state = (await flushed(run)) as FileState
      t.equal(statSync(partialOf(path)).size, state.bytes)
      t.match(run.counts(), { received: 1, acknowledged: 1, bytes: state.bytes })
      t.strictSame(await flushed(run), state)
      await run.end('leave')
      t.strictSame(readdirSync(join(path, '..')), [basename(temporary(path))])
    },
  )
}

/** Text that compression makes little smaller. */
const noise = Array.from({ length: 5_000 }, (_, n) =>
  createHash('sha512').update(String(n)).digest('base64'),
).join('')

/** What is done with a sink: 'write' takes the next value, and 'flush' is not waited for. */
type Step = 'write' | 'flush' | { turns: number }
const steps = fc.array(
  fc.oneof<fc.MaybeWeightedArbitrary<Step>[]>(
    { weight: 5, arbitrary: fc.constant('write' as const) },
    { weight: 3, arbitrary: fc.constant('flush' as const) },
    { weight: 2, arbitrary: fc.record({ turns: fc.nat(8) }) },
  ),
  { maxLength: 25 },
)

/** Does the steps, and gives the states of the flushes that come to their end. The last write may still be waited for. */
async function follow(run: ResumableRun, values: readonly unknown[], from: number, steps: readonly Step[]) {
  const saved: Saved[] = []
  const flushes: Promise<unknown>[] = []
  let written = from
  let room: Promise<void> | undefined
  for (const step of steps) {
    if (step === 'write') {
      await room
      if (written < values.length) room = run.write(values[written++]) as Promise<void> | undefined
    } else if (step === 'flush') {
      const records = written
      const keep = (state: unknown) => saved.push({ state: reread(state), records })
      flushes.push(run.flush().then(keep, () => {}))
    } else await turns(step.turns)
  }
  return { saved, flushes, written, room: Promise.resolve(room) }
}

for (const name of names) {
  t.test(
    `${name}: has one writer, however write, flush and crash are mixed: each state that it gave holds`,
    async t => {
      const scenario = fc.record({
        lengths: fc.array(fc.oneof(fc.nat(40), fc.nat(300_000)), { maxLength: 14 }),
        crashes: fc.array(fc.record({ steps, waits: fc.boolean(), pick: fc.nat(9) }), { maxLength: 3 }),
        last: steps,
      })
      let resumed = 0
      const property = fc.asyncProperty(scenario, async ({ lengths, crashes, last }) => {
        const path = join(folder(), name)
        const values = lengths.map((length, n) => ({ n, noise: noise.slice(n, n + length) }))
        let place: Saved = { state: undefined, records: 0 }
        for (const { steps, waits, pick } of crashes) {
          const run = await open(path, place.state)
          const { saved, flushes, room } = await follow(run, values, place.records, steps)
          if (waits) await Promise.all(flushes)
          room.catch(() => {})
          await run.end('leave')
          await Promise.all(flushes)
          // Any of them may be what was saved in a checkpoint last.
          place = saved[pick % Math.max(1, saved.length)] ?? place
        }
        if (place.state !== undefined) resumed += 1
        const run = await open(path, place.state)
        const { saved, flushes, written, room } = await follow(run, values, place.records, last)
        await room
        await writeAll(run, values, [], written)
        await Promise.all(flushes)
        saved.push({ state: await finish(run), records: values.length })
        assert.equal(contents(path), document(name, values))
        assert.deepEqual(readdirSync(join(path, '..')), [name])

        // A process that is killed now leaves every byte, and the checkpoint holds any of the states.
        const bytes = readFileSync(path)
        for (const { state, records } of saved) {
          assert.equal((state as FileState).records, records, 'a state is as of the call of flush')
          rmSync(path, { force: true })
          writeFileSync(temporary(path), bytes)
          const after = await open(path, state)
          await writeAll(after, values, [], records)
          await finish(after)
          assert.equal(contents(path), document(name, values), `resumed behind record ${records}`)
        }
      })
      const before = openFiles()
      await t.resolves(fc.assert(property, { numRuns: 40 }))
      t.ok(resumed > 4, `${resumed} times it was resumed in the middle`)
      t.equal(await leakedFiles(before), 0)
    },
  )
}

for (const name of ['a.json', 'a.ndjson.gz']) {
  t.test(
    `${name}: no room while it is written: the state of the last flush is good to resume from`,
    async t => {
      const path = join(folder(), name)
      const statePath = `${path}.state`
      const script = join(import.meta.dirname, '../support/writeUntilFull.ts')
      // What the runner adds to processes makes the limit's signal deadly; Node by itself ignores it.
      const command = 'unset NODE_OPTIONS; ulimit -f 1024; exec "$@"'
      const node = [process.execPath, '--import=tsx', script, path, statePath, '900']
      const { stderr } = spawnSync('bash', ['-c', command, 'bash', ...node], {
        encoding: 'utf8',
        env: { PATH: process.env.PATH, HOME: process.env.HOME },
      })
      t.match(JSON.parse(stderr), {
        code: 'SINK',
        message: `can't write ${path}: the file would be too large for the file system`,
      })
      const last = JSON.parse(readFileSync(statePath, 'utf8')) as Saved
      t.ok(last.records >= 300, `${last.records} records are durable`)
      const run = await open(path, last.state)
      await writeAll(run, noisy(900), [], last.records)
      await finish(run)
      t.equal(contents(path), document(name, noisy(900)))
    },
  )
}

t.test('each flush ends a gzip member that has something in it', async t => {
  const path = join(folder(), 'a.ndjson.gz')
  const run = await open(path)
  const saved = await writeAll(run, records, [0, 1, 1, 3, 5])
  await finish(run)
  const bytes = readFileSync(path)
  const places = saved.map(({ state }) => (state as FileState).bytes)
  t.equal(places.at(-1), bytes.length, 'nothing comes behind the last one')
  const lines = (from = 0, to = 0) =>
    from === to ? 0 : gunzipSync(bytes.subarray(from, to)).toString().split('\n').length - 1
  t.strictSame(
    places.map((to, index) => lines(places[index - 1], to)),
    [0, 1, 0, 2, 2],
  )
})

t.test('an error of a file that was resumed counts the records before the restart, too', async t => {
  const path = join(folder(), 'a.ndjson')
  const [last] = await crashed(path, records, [5])
  const run = await open(path, last?.state)
  await run.write({ n: 5 })
  t.match(await failureOf(() => run.write(7n)), { code: 'SINK', message: /^record 7 can't be written/ })
  await run.end('leave')
})

const intruders: Record<string, (path: string) => void> = {
  'bytes of another process in the temporary file': path => appendFileSync(temporary(path), 'intruder'),
  'a temporary file that another process has cut': path => truncateSync(temporary(path), 1),
  'another file under the temporary name': path => {
    const bytes = readFileSync(temporary(path))
    rmSync(temporary(path))
    writeFileSync(temporary(path), bytes)
  },
  'a temporary file that is gone': path => rmSync(temporary(path)),
}
for (const [what, intrude] of Object.entries(intruders)) {
  for (const when of ['flush', 'prepare'] as const) {
    t.test(`${what}: found out at the next ${when}, SINK, and the older file stays`, async t => {
      const path = join(folder(), 'a.ndjson')
      writeFileSync(path, 'older')
      const run = await open(path)
      await writeAll(run, records, [2])
      intrude(path)
      t.match(await failureOf(run[when]()), { code: 'SINK', message: /did another process change it\?$/ })
      await run.end('leave')
      t.equal(readFileSync(path, 'utf8'), 'older')
    })
  }
}

const refusals: Record<string, { change: (path: string, state: FileState) => unknown; message: RegExp }> = {
  'a temporary file that is shorter': {
    change: (path, { bytes }) => truncateSync(temporary(path), bytes - 1),
    message:
      /a\.ndjson\.0123abcd\.partial has \d+ bytes, fewer than the \d+ of the checkpoint; delete the checkpoint to start again$/,
  },
  'a temporary file that is another one': {
    change: (path, { bytes }) => writeFileSync(temporary(path), 'x'.repeat(bytes)),
    message:
      /a\.ndjson\.0123abcd\.partial: the output is not the one of the checkpoint; delete the checkpoint to start again$/,
  },
  'a temporary file that is gone': {
    change: path => rmSync(temporary(path)),
    message:
      /the output of the checkpoint is gone: .*a\.ndjson\.0123abcd\.partial does not exist, and .*a\.ndjson is not the complete file; delete the checkpoint to start again$/,
  },
  'a temporary file that is gone, and an older file': {
    change(path) {
      rmSync(temporary(path))
      writeFileSync(path, 'older')
    },
    message:
      /the output of the checkpoint is gone: .* does not exist, and .*a\.ndjson is not the complete file; delete the checkpoint to start again$/,
  },
  'a temporary file that has its name, although nothing says that it is complete': {
    change: path => renameSync(temporary(path), path),
    message: /the output of the checkpoint is gone: .*; delete the checkpoint to start again$/,
  },
  'a folder under the temporary name': {
    change(path) {
      rmSync(temporary(path))
      mkdirSync(temporary(path))
    },
    message: /the output is not the one .*; delete the checkpoint to start again$/,
  },
  'a link under the temporary name': {
    change(path) {
      renameSync(temporary(path), `${path}.elsewhere`)
      symlinkSync(`${path}.elsewhere`, temporary(path))
    },
    message: /the output is not the one .*; delete the checkpoint to start again$/,
  },
  'a complete state, and more in the temporary file': {
    change(path, state) {
      appendFileSync(temporary(path), '{}\n')
      return { ...state, complete: true }
    },
    message: /the output is not the one .*; delete the checkpoint to start again$/,
  },
  'a complete state, and an older file': {
    change(path, state) {
      rmSync(temporary(path))
      writeFileSync(path, 'older')
      return { ...state, complete: true }
    },
    message: /the output of the checkpoint is gone: .*; delete the checkpoint to start again$/,
  },
  'a complete state, and more in the file that has its name': {
    change(path, state) {
      renameSync(temporary(path), path)
      appendFileSync(path, '{}\n')
      return { ...state, complete: true }
    },
    message: /the output of the checkpoint is gone: .*; delete the checkpoint to start again$/,
  },
}

for (const [what, { change, message }] of Object.entries(refusals)) {
  t.test(
    `${what}: a file that is to be resumed is refused with CHECKPOINT, and nothing is changed`,
    async t => {
      const path = join(folder(), 'a.ndjson')
      const [saved] = await crashed(path, records, [5])
      const state = saved?.state as FileState
      const changed = change(path, state) ?? state
      const before = readdirSync(join(path, '..')).toSorted()
      t.match(await failureOf(open(path, changed)), { code: 'CHECKPOINT', message })
      t.strictSame(readdirSync(join(path, '..')).toSorted(), before)
    },
  )
}

t.test('a state of a file that can not be read: CHECKPOINT', async t => {
  const path = join(folder(), 'a.ndjson')
  const [saved] = await crashed(path, records, [5])
  const state = saved?.state as FileState
  const unreadable = [
    null,
    'text',
    [],
    {},
    { ...state, path: 'a.ndjson' },
    { ...state, temporary: 'a.ndjson.partial' },
    { ...state, temporary: undefined },
    { ...state, bytes: -1 },
    { ...state, bytes: 1.5 },
    { ...state, records: '5' },
    { ...state, tail: 'x' },
    { ...state, complete: 'yes' },
  ]
  for (const given of unreadable) {
    t.match(await failureOf(open(path, given)), {
      code: 'CHECKPOINT',
      message: `${path}: the checkpoint holds no valid state of this file; delete the checkpoint to start again`,
    })
  }
})

t.test('a file that changes between the look and the first write: CHECKPOINT', async t => {
  const path = join(folder(), 'a.ndjson')
  const [saved] = await crashed(path, records, [5])
  const files = openFiles()
  const failures: unknown[] = []
  const run = await open(path, saved?.state, { fail: error => failures.push(error) })
  writeFileSync(temporary(path), 'something else')
  const failure = await failureOf(run.prepare())
  t.match(failure, { code: 'CHECKPOINT' })
  t.strictSame(failures, [failure], 'whoever does not wait for it is told, too')
  await run.end('leave')
  t.equal(openFiles(), files)
  t.equal(readFileSync(temporary(path), 'utf8'), 'something else')
})

t.test('a device is no file to resume: OPTION', async t => {
  const stage = fileStage('/dev/null', fileSettings('/dev/null', { format: 'ndjson' }))
  t.match(await failureOf(openResumable(stage)), {
    code: 'OPTION',
    message: /a device or a pipe can't be resumed, received "\/dev\/null"$/,
  })
})

t.test('the fingerprint of a file is where it is, and how it is written', async t => {
  const path = join(folder(), 'a-{date}.json.gz')
  const fingerprint = { sink: 'file', path, format: 'json', compression: 'gzip' }
  t.strictSame(stageOf(relative(process.cwd(), path)).fingerprint, fingerprint)
})

t.test('a file claims what it replaces: where links lead, and nothing of a device', async t => {
  const place = folder()
  mkdirSync(join(place, 'real'))
  const path = join(place, 'link.ndjson')
  symlinkSync('real/a.ndjson', path)
  t.strictSame(await stageOf(path).claims?.(), [{ path, target: join(place, 'real/a.ndjson') }])
  const device = fileStage('/dev/null', fileSettings('/dev/null', { format: 'ndjson' }))
  t.strictSame(await device.claims?.(), [])
  t.strictSame(readdirSync(place).toSorted(), ['link.ndjson', 'real'])
})

t.test('a finished file is found, and what became of it is told', async t => {
  const path = join(folder(), 'a.ndjson')
  const run = await open(path)
  await writeAll(run, records)
  const state = await finish(run)
  const find = () => stageOf(path).find?.(state)
  t.equal(await find(), undefined)
  appendFileSync(path, '{}\n')
  t.equal(await find(), `${path} is not the file that it wrote`)
  rmSync(path)
  t.equal(await find(), `${path} does not exist any more`)
})

t.test('through a link, the file behind it is resumed', async t => {
  const place = folder()
  mkdirSync(join(place, 'real'))
  const path = join(place, 'link.ndjson')
  symlinkSync('real/a.ndjson', path)
  const [saved] = await crashed(path, records, [3])
  t.match(saved?.state, {
    path: join(place, 'real/a.ndjson'),
    temporary: temporary(join(place, 'real/a.ndjson')),
  })
  const run = await open(path, saved?.state)
  await writeAll(run, records, [], 3)
  await finish(run)
  t.equal(contents(join(place, 'real/a.ndjson')), document('a.ndjson', records))
  t.ok(lstatSync(path).isSymbolicLink())
  rmSync(path)
  mkdirSync(join(place, 'other'))
  symlinkSync('other/a.ndjson', path)
  t.match(await failureOf(open(path, saved?.state)), {
    code: 'CHECKPOINT',
    message: /link\.ndjson is .*other\/a\.ndjson now/,
  })
})

t.test('the temporary file of another checkpoint is never touched', async t => {
  const path = join(folder(), 'a.ndjson')
  const [other] = await crashed(path, records, [3])
  const bytes = readFileSync(temporary(path))
  const key = 'fedc9876'
  const mine = temporaryOf(path, key)
  const files = () => readdirSync(join(path, '..')).toSorted()

  for (const how of ['leave', 'discard', 'keep'] as const) {
    const run = await open(path, undefined, { resumable: key })
    const [saved] = await writeAll(run, [1, 2], [1])
    t.match(saved?.state, { path, temporary: mine })
    t.strictSame(files(), [basename(temporary(path)), basename(mine)])
    await run.end(how)
    if (how === 'keep') rmSync(path)
    else if (how === 'leave') {
      const resumed = await open(path, saved?.state, { resumable: key })
      await writeAll(resumed, [1, 2], [], 1)
      await finish(resumed)
      t.equal(contents(path), '1\n2\n')
      rmSync(path)
    }
    t.strictSame(files(), [basename(temporary(path))], how)
    t.ok(readFileSync(temporary(path)).equals(bytes))
  }
  // Nor by a sink without a checkpoint, in whatever way it ends.
  await pipeline([3], toFile(path))
  t.match(await failureOf(pipeline([3, 3n], toFile(path))), { code: 'SINK' })
  t.ok(readFileSync(temporary(path)).equals(bytes))

  const run = await open(path, other?.state)
  await writeAll(run, records, [], 3)
  await finish(run)
  t.equal(contents(path), document('a.ndjson', records))
})

t.test(
  'what was left under the temporary name of a run that begins is replaced; a link leads nowhere',
  async t => {
    const place = folder()
    const path = join(place, 'a.ndjson')
    writeFileSync(join(place, 'precious'), 'as it was')
    for (const leave of [
      () => writeFileSync(temporary(path), 'left behind, and longer than what is to come'),
      () => symlinkSync(join(place, 'precious'), temporary(path)),
    ]) {
      leave()
      const run = await open(path)
      await writeAll(run, [1])
      await finish(run)
      t.equal(contents(path), '1\n')
      t.equal(readFileSync(join(place, 'precious'), 'utf8'), 'as it was')
      t.strictSame(readdirSync(place).toSorted(), ['a.ndjson', 'precious'])
    }
    mkdirSync(temporary(path))
    t.match(await failureOf(open(path)), { code: 'SINK', message: /0123abcd\.partial: it is a directory$/ })
  },
)

t.test(
  'a temporary name fits into 255 bytes, cuts no character, and is another by chance each time',
  async t => {
    const folder = '/some/folder'
    t.equal(temporaryOf(`${folder}/a.ndjson`, 'key'), `${folder}/a.ndjson.key.partial`)
    t.match(temporaryOf('a.ndjson'), /^a\.ndjson\.[0-9a-f]{8}\.partial$/)
    t.not(temporaryOf('a.ndjson'), temporaryOf('a.ndjson'))
    for (const text of ['x', 'ü', '漢', '😀']) {
      for (let shift = 0; shift < 4; shift += 1) {
        const name = ('y'.repeat(shift) + text.repeat(300)).slice(0, 250)
        const made = basename(temporaryOf(join(folder, name), '01234567'))
        const length = Buffer.byteLength(made)
        t.ok(length <= 255 && length > 250, `${length} bytes`)
        t.ok(made.endsWith('.01234567.partial'))
        t.ok(name.startsWith(made.slice(0, -'.01234567.partial'.length)))
      }
    }
  },
)

t.test('a file whose name is as long as it may be is written, resumed and gets its name', async t => {
  const place = folder()
  const name = `${'ü'.repeat(124)}.ndjson`
  t.equal(Buffer.byteLength(name), 255)
  const path = join(place, name)
  const [saved] = await crashed(path, records, [3])
  t.equal(readdirSync(place).length, 1)
  const run = await open(path, saved?.state)
  await writeAll(run, records, [], 3)
  await finish(run)
  t.strictSame(readdirSync(place), [name])
  t.equal(contents(path), document(name, records))
})

const endings: Record<Ending, { none: string[]; some: string[]; text: string | undefined }> = {
  discard: { none: ['a.ndjson'], some: ['a.ndjson'], text: 'older' },
  keep: { none: ['a.ndjson'], some: ['a.ndjson'], text: '1\n2\n3\n' },
  leave: { none: ['a.ndjson'], some: ['a.ndjson', 'a.ndjson.0123abcd.partial'], text: 'older' },
}
for (const [how, { none, some, text }] of Object.entries(endings) as [Ending, (typeof endings)[Ending]][]) {
  t.test(`a file that ends with '${how}'`, async t => {
    const place = folder()
    const path = join(place, 'a.ndjson')
    writeFileSync(path, 'older')
    const before = openFiles()
    const untouched = await open(path)
    await untouched.end(how)
    t.strictSame(readdirSync(place), none, 'before the first record nothing is touched')
    t.equal(readFileSync(path, 'utf8'), 'older')

    const run = await open(path)
    await writeAll(run, [1, 2, 3], [2])
    await run.end(how)
    t.strictSame(readdirSync(place).toSorted(), some)
    t.equal(readFileSync(path, 'utf8'), text)
    await run.end('discard')
    t.strictSame(readdirSync(place).toSorted(), some, 'a second end does nothing')

    const committed = await open(path)
    await writeAll(committed, [4])
    await finish(committed)
    await committed.end(how)
    t.strictSame(readdirSync(place), ['a.ndjson'], 'nor does one behind the commit')
    t.equal(readFileSync(path, 'utf8'), '4\n')
    t.equal(openFiles(), before)
  })
}

t.test(
  'a file that ends at any moment: nothing changes any more, and what it holds is as it should be',
  async t => {
    const scenario = fc.record({
      name: fc.constantFrom(...names),
      lengths: fc.array(fc.oneof(fc.nat(40), fc.nat(300_000)), { maxLength: 6 }),
      steps,
      prepares: fc.boolean(),
      moment: fc.nat(60),
      how: fc.constantFrom<Ending>('discard', 'keep', 'leave'),
    })
    const before = openFiles()
    const property = fc.asyncProperty(scenario, async ({ name, lengths, steps, prepares, moment, how }) => {
      const path = join(folder(), name)
      const values = lengths.map((length, n) => ({ n, noise: noise.slice(n, n + length) }))
      const run = await open(path)
      const { flushes, written, room } = await follow(run, values, 0, steps)
      // 'keep' writes the end itself: a run that fails while it prepares has come to its last record.
      const preparing = prepares && how !== 'keep' ? run.prepare().catch(() => {}) : undefined
      if (preparing !== undefined) await turns(moment)
      await run.end(how)
      const files = () =>
        Object.fromEntries(
          readdirSync(join(path, '..')).map(file => [file, readFileSync(join(path, '..', file))]),
        )
      const after = files()
      await Promise.all([room.catch(() => {}), preparing, ...flushes])
      await turns(5)
      assert.deepEqual(files(), after, 'nothing changes any more once it has ended')
      if (how === 'keep' && written > 0) {
        assert.deepEqual(Object.keys(after), [name])
        assert.equal(contents(path), document(name, values.slice(0, written)))
      } else if (how === 'leave') {
        assert.deepEqual(
          Object.keys(after).filter(file => file !== basename(temporary(path))),
          [],
        )
      } else {
        assert.deepEqual(Object.keys(after), [])
        assert.equal(run.counts().acknowledged, 0)
      }
    })
    await t.resolves(fc.assert(property, { numRuns: 150 }))
    t.equal(await leakedFiles(before), 0)
  },
)

t.test(
  'placeholders stand for the time that the run says, asked for at the first flush or full block',
  async t => {
    for (const touch of ['flush', 'prepare', 'write'] as const) {
      const place = folder()
      let time: Date | undefined
      const path = join(place, '{date}_{time}_{guid}_{{date}}.ndjson.gz')
      const run = await open(path, undefined, { at: () => time })
      await run.write({ n: 1 })
      time = new Date(Date.UTC(2026, 2, 1, 9, 30, 5, 999))
      if (touch === 'write') await run.write({ text: 'x'.repeat(300_000) })
      else await run[touch]()
      time = new Date(0)
      await finish(run)
      const name = '2026-03-01_2026-03-01T09-30-05Z_{guid}_{2026-03-01}.ndjson.gz'
      t.strictSame(readdirSync(place), [name], touch)
      t.equal(run.destination, join(place, name))
    }
  },
)

t.test('without such a time, placeholders stand for the present', async t => {
  const place = folder()
  const before = new Date().toISOString().slice(0, 10)
  const run = await open(join(place, 'stage-{date}.ndjson'))
  await run.write(1)
  await finish(run)
  await pipeline([1], toFile(join(place, 'plain-{date}.ndjson')))
  const after = new Date().toISOString().slice(0, 10)
  for (const name of ['stage', 'plain']) {
    const found = readdirSync(place).find(file => file.startsWith(name))
    t.ok([before, after].map(day => `${name}-${day}.ndjson`).includes(found ?? ''), String(found))
  }
})

t.test('the folder of the present is looked for before the run', async t => {
  const place = folder()
  const stage = stageOf(join(place, '{date}/a.ndjson'))
  t.match(await failureOf(Promise.resolve(stage.claims?.())), {
    code: 'SINK',
    message: /its directory does not exist$/,
  })
  // The day may end meanwhile.
  for (const shift of [0, 60_000]) {
    mkdirSync(join(place, new Date(Date.now() + shift).toISOString().slice(0, 10)), { recursive: true })
  }
  await stage.claims?.()
})

t.test('a restart keeps the name that the first start gave', async t => {
  const place = folder()
  const path = join(place, 'a-{date}.ndjson')
  const first = await open(path, undefined, { at: () => new Date(Date.UTC(2026, 0, 31)) })
  const [saved] = await writeAll(first, records, [2])
  await first.end('leave')
  t.match(saved?.state, { path: join(place, 'a-2026-01-31.ndjson') })
  const run = await open(path, saved?.state, { at: () => new Date(Date.UTC(2026, 1, 1)) })
  await writeAll(run, records, [], 2)
  await finish(run)
  t.strictSame(readdirSync(place), ['a-2026-01-31.ndjson'])
  t.equal(contents(join(place, 'a-2026-01-31.ndjson')), document('a.ndjson', records))
})

t.test(
  'a file that follows a finished one does not replace it, unless it was moved away or is empty',
  async t => {
    for (const name of ['a.ndjson', 'a-{date}.ndjson']) {
      const path = join(folder(), name)
      const at = () => new Date(0)
      const last = await open(path, undefined, { at })
      await writeAll(last, records)
      const previous = (await finish(last)) as FileState
      const refused = { code: 'CHECKPOINT', message: /holds the 5 records of the last window/ }
      const next = async (earlier = previous) => {
        const run = await open(path, undefined, { previous: earlier, at, fail() {} })
        await writeAll(run, [1])
        try {
          return await finish(run)
        } finally {
          await run.end('leave')
        }
      }
      const before = readFileSync(previous.path)
      t.match(await failureOf(next()), refused)
      t.ok(readFileSync(previous.path).equals(before))
      renameSync(previous.path, `${previous.path}.moved`)
      const second = await next()
      t.equal(contents(previous.path), '1\n')
      t.match(await failureOf(next(second as FileState)), {
        message: /holds the 1 records of the last window/,
      })
      t.match(await next({ ...(second as FileState), records: 0 }), { records: 1 }, 'no record is missed')
    }
  },
)
