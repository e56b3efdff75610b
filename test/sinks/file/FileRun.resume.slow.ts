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
import { fileStage } from '../../../lib/sinks/file/FileSink.ts'
import type { FileState } from '../../../lib/sinks/file/fileState.ts'
import { temporaryOf } from '../../../lib/sinks/file/openFile.ts'
import { fileSettings } from '../../../lib/sinks/file/options.ts'
import { toFile } from '../../../lib/sinks/toFile.ts'
import type { Ending, SinkOpening } from '../../../lib/stage/SinkStage.ts'
import { failureOf } from '../../support/failureOf.ts'
import { jsonCopy } from '../../support/jsonCopy.ts'
import { noisy } from '../../support/noisy.ts'
import { leakedFiles, openFiles } from '../../support/openFiles.ts'
import { partialOf } from '../../support/partialOf.ts'
import { scriptOf } from '../../support/runProcess.ts'
import {
  checkpointKey,
  finish,
  flushed,
  openResumable,
  type ResumableRun,
  type Saved,
  writeAll,
} from '../../support/sinkRuns.ts'
import { turns } from '../../support/turns.ts'

/*
 * A file as a stage that can be resumed, used as `run` uses it, without a run.
 */

const names = ['a.ndjson', 'a.json', 'a.ndjson.gz', 'a.json.gz']
const records = [{ n: 0 }, { n: 1, text: 'Grüße 😀' }, 'two', [3], { n: 4, text: 'x'.repeat(5_000) }]

/** The file, decompressed. */
function contents(path: string): string {
  const bytes = readFileSync(path)
  return (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()
}

/** The contents of the file after an undisturbed run. */
function document(name: string, values: readonly unknown[]): string {
  const texts = values.map(value => JSON.stringify(value))
  if (name.includes('.ndjson')) return texts.map(text => `${text}\n`).join('')
  return texts.length === 0 ? '[]\n' : `[\n${texts.join(',\n')}\n]\n`
}

const stageOf = (path: string) => fileStage(path, fileSettings(path))

/** Opens a new run of the sink, or one that resumes from a state. */
function open(path: string, state?: unknown, opening: Partial<SinkOpening> = {}): Promise<ResumableRun> {
  return openResumable(stageOf(path), state === undefined ? opening : { ...opening, state })
}

/** Writes, flushes and is killed: the temporary file that is left ends after the last flushed state. */
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

/** The state of a file that was prepared, and killed before the commit. */
async function prepared(path: string, values: readonly unknown[]): Promise<FileState> {
  const run = await open(path)
  await writeAll(run, values, [2])
  const state = jsonCopy(await run.prepare())
  await run.end('leave')
  return state as FileState
}

const dir = t.testdir()
const folder = () => mkdtempSync(join(dir, 'case-'))
const temporary = (path: string) => temporaryOf(path, checkpointKey)

for (const name of names) {
  t.test(
    `toFile: ${name}: resumed from any flushed state, the file is the same as without a crash`,
    async t => {
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
            unchanged: 0,
          })
          // The flushes at the position of the state are repeated, with a state of the same position.
          for (const again of await writeAll(run, values, flushes, records)) {
            assert.equal((again.state as FileState).records, again.records)
          }
          const { tail, ...end } = (await finish(run)) as FileState
          assert.equal(contents(path), document(name, values))
          const bytes = statSync(path).size
          assert.deepEqual(run.counts(), {
            received: values.length,
            acknowledged: values.length,
            bytes,
            unchanged: 0,
          })
          const expected = {
            path,
            temporary: temporary(path),
            bytes,
            records: values.length,
            unchanged: 0,
            complete: true,
          }
          assert.deepEqual(end, expected)
          assert.match(tail, /^[0-9a-f]{64}$/)
          assert.deepEqual(readdirSync(join(path, '..')), [name])
          rmSync(path)
        }
      })
      await t.resolves(fc.assert(property, { numRuns: 12 }))
    },
  )

  t.test(`toFile: ${name}: killed repeatedly at any moment, no record is lost or repeated`, async t => {
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

  t.test(`toFile: ${name}: killed between prepare and rename, it only renames when resumed`, async t => {
    const path = join(folder(), name)
    writeFileSync(path, 'older')
    const state = await prepared(path, records)
    t.match(state, { path, temporary: temporary(path), records: 5, complete: true })
    t.equal(readFileSync(path, 'utf8'), 'older')

    const run = await open(path, state)
    t.equal(readFileSync(path, 'utf8'), 'older', 'opening it changes nothing')
    t.equal(run.destination, path)
    t.strictSame(run.counts(), {
      received: 5,
      acknowledged: 5,
      bytes: statSync(temporary(path)).size,
      unchanged: 0,
    })
    t.strictSame(await run.prepare(), state, 'the file is prepared already')
    await run.commit()
    t.equal(contents(path), document(name, records))
    t.strictSame(readdirSync(join(path, '..')), [name])

    const { ino } = statSync(path)
    const again = await open(path, state)
    t.strictSame(again.counts(), { received: 5, acknowledged: 5, bytes: statSync(path).size, unchanged: 0 })
    await again.commit()
    t.equal(statSync(path).ino, ino, 'a commit after the rename does nothing')
    t.equal(contents(path), document(name, records))
  })

  t.test(`toFile: ${name}: prepared without records, it becomes an empty document`, async t => {
    const path = join(folder(), name)
    const run = await open(path)
    const state = (await run.prepare()) as FileState
    t.notOk(existsSync(path))
    await run.end('leave')
    for (let commits = 0; commits < 2; commits += 1) {
      await (await open(path, jsonCopy(state))).commit()
      t.equal(contents(path), document(name, []))
    }
  })

  t.test(
    `toFile: ${name}: a flush before any record makes an empty file; one without new records adds nothing`,
    async t => {
      const path = join(folder(), name)
      const run = await open(path)
      t.strictSame(readdirSync(join(path, '..')), [], 'no file exists before the flush')
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

/** Text that compresses badly. */
const noise = Array.from({ length: 5_000 }, (_, n) =>
  createHash('sha512').update(String(n)).digest('base64'),
).join('')

/** What is done with a sink: 'write' writes the next value; 'flush' is not awaited. */
type Step = 'write' | 'flush' | { turns: number }
const steps = fc.array(
  fc.oneof<fc.MaybeWeightedArbitrary<Step>[]>(
    { weight: 5, arbitrary: fc.constant('write' as const) },
    { weight: 3, arbitrary: fc.constant('flush' as const) },
    { weight: 2, arbitrary: fc.record({ turns: fc.nat(8) }) },
  ),
  { maxLength: 25 },
)

/** Does the steps; returns the states of the flushes that complete. The last write may still be pending. */
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
      const keep = (state: unknown) => saved.push({ state: jsonCopy(state), records })
      flushes.push(run.flush().then(keep, () => {}))
    } else await turns(step.turns)
  }
  return { saved, flushes, written, room: Promise.resolve(room) }
}

for (const name of names) {
  t.test(
    `toFile: ${name}: with write, flush and crash in any order, the file can be resumed from each flushed state`,
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
        let from: Saved = { state: undefined, records: 0 }
        for (const { steps, waits, pick } of crashes) {
          const run = await open(path, from.state)
          const { saved, flushes, room } = await follow(run, values, from.records, steps)
          if (waits) await Promise.all(flushes)
          room.catch(() => {})
          await run.end('leave')
          await Promise.all(flushes)
          // Any of the states may be the last one that a checkpoint saved.
          from = saved[pick % Math.max(1, saved.length)] ?? from
        }
        if (from.state !== undefined) resumed += 1
        const run = await open(path, from.state)
        const { saved, flushes, written, room } = await follow(run, values, from.records, last)
        await room
        await writeAll(run, values, [], written)
        await Promise.all(flushes)
        saved.push({ state: await finish(run), records: values.length })
        assert.equal(contents(path), document(name, values))
        assert.deepEqual(readdirSync(join(path, '..')), [name])

        // If the process is killed now, all bytes are in the file, and the checkpoint has any of the states.
        const bytes = readFileSync(path)
        for (const { state, records } of saved) {
          assert.equal((state as FileState).records, records, 'a state is as of the call of flush()')
          rmSync(path, { force: true })
          writeFileSync(temporary(path), bytes)
          const after = await open(path, state)
          await writeAll(after, values, [], records)
          await finish(after)
          assert.equal(contents(path), document(name, values), `resumed after record ${records}`)
        }
      })
      const before = openFiles()
      await t.resolves(fc.assert(property, { numRuns: 40 }))
      t.ok(resumed > 4, `${resumed} runs were resumed in the middle`)
      t.equal(await leakedFiles(before), 0)
    },
  )
}

for (const name of ['a.json', 'a.ndjson.gz']) {
  t.test(
    `toFile: ${name}: after the file size limit was reached, the file can be resumed from the last flush`,
    async t => {
      const path = join(folder(), name)
      const statePath = `${path}.state`
      const script = scriptOf('test/support/writeUntilFull.ts')
      // The test runner's NODE_OPTIONS make the signal of the limit fatal; plain Node ignores it.
      const command = 'unset NODE_OPTIONS; ulimit -f 1024; exec "$@"'
      const node = [process.execPath, ...script, path, statePath, '900']
      const { stderr } = spawnSync('bash', ['-c', command, 'bash', ...node], {
        encoding: 'utf8',
        env: { PATH: process.env.PATH, HOME: process.env.HOME },
      })
      t.match(JSON.parse(stderr), {
        code: 'SINK',
        message: `can't write ${path}: the file would be larger than the file system, or the limit of the process, allows`,
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

t.test('toFile: each flush ends a gzip member unless it would be empty', async t => {
  const path = join(folder(), 'a.ndjson.gz')
  const run = await open(path)
  const saved = await writeAll(run, records, [0, 1, 1, 3, 5])
  await finish(run)
  const bytes = readFileSync(path)
  const places = saved.map(({ state }) => (state as FileState).bytes)
  t.equal(places.at(-1), bytes.length, 'no bytes follow the last flush')
  const lines = (from = 0, to = 0) =>
    from === to ? 0 : gunzipSync(bytes.subarray(from, to)).toString().split('\n').length - 1
  t.strictSame(
    places.map((to, index) => lines(places[index - 1], to)),
    [0, 1, 0, 2, 2],
  )
})

t.test('toFile: the record number in an error includes the records before a restart', async t => {
  const path = join(folder(), 'a.ndjson')
  const [last] = await crashed(path, records, [5])
  const run = await open(path, last?.state)
  await run.write({ n: 5 })
  t.match(await failureOf(() => run.write(7n)), { code: 'SINK', message: /^record 7 can't be written/ })
  await run.end('leave')
})

const intruders: Record<string, (path: string) => void> = {
  'a temporary file with bytes of another process': path => appendFileSync(temporary(path), 'intruder'),
  'a temporary file cut by another process': path => truncateSync(temporary(path), 1),
  'another file at the temporary path': path => {
    const bytes = readFileSync(temporary(path))
    rmSync(temporary(path))
    writeFileSync(temporary(path), bytes)
  },
  'a removed temporary file': path => rmSync(temporary(path)),
}
for (const [what, intrude] of Object.entries(intruders)) {
  for (const when of ['flush', 'prepare'] as const) {
    t.test(`toFile: ${what} is a SINK error at ${when}, and the old file stays`, async t => {
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

const changes: Record<string, { change: (path: string, state: FileState) => unknown; message: RegExp }> = {
  'a temporary file that is shorter': {
    change: (path, { bytes }) => truncateSync(temporary(path), bytes - 1),
    message:
      /a\.ndjson\.0123abcd\.partial has \d+ bytes, fewer than the \d+ of the checkpoint; delete the checkpoint to start again$/,
  },
  'a temporary file with other bytes': {
    change: (path, { bytes }) => writeFileSync(temporary(path), 'x'.repeat(bytes)),
    message:
      /a\.ndjson\.0123abcd\.partial: the output is not the one of the checkpoint; delete the checkpoint to start again$/,
  },
  'a missing temporary file': {
    change: path => rmSync(temporary(path)),
    message:
      /the output of the checkpoint is gone: .*a\.ndjson\.0123abcd\.partial does not exist, and .*a\.ndjson is not the complete file; delete the checkpoint to start again$/,
  },
  'a missing temporary file and an old output': {
    change(path) {
      rmSync(temporary(path))
      writeFileSync(path, 'older')
    },
    message:
      /the output of the checkpoint is gone: .* does not exist, and .*a\.ndjson is not the complete file; delete the checkpoint to start again$/,
  },
  'a temporary file that was renamed although the state is not complete': {
    change: path => renameSync(temporary(path), path),
    message: /the output of the checkpoint is gone: .*; delete the checkpoint to start again$/,
  },
  'a directory at the temporary path': {
    change(path) {
      rmSync(temporary(path))
      mkdirSync(temporary(path))
    },
    message: /the output is not the one .*; delete the checkpoint to start again$/,
  },
  'a link at the temporary path': {
    change(path) {
      renameSync(temporary(path), `${path}.elsewhere`)
      symlinkSync(`${path}.elsewhere`, temporary(path))
    },
    message: /the output is not the one .*; delete the checkpoint to start again$/,
  },
  'a complete state and a temporary file with more bytes': {
    change(path, state) {
      appendFileSync(temporary(path), '{}\n')
      return { ...state, complete: true }
    },
    message: /the output is not the one .*; delete the checkpoint to start again$/,
  },
  'a complete state, no temporary file and an old output': {
    change(path, state) {
      rmSync(temporary(path))
      writeFileSync(path, 'older')
      return { ...state, complete: true }
    },
    message: /the output of the checkpoint is gone: .*; delete the checkpoint to start again$/,
  },
  'a complete state and an output with more bytes': {
    change(path, state) {
      renameSync(temporary(path), path)
      appendFileSync(path, '{}\n')
      return { ...state, complete: true }
    },
    message: /the output of the checkpoint is gone: .*; delete the checkpoint to start again$/,
  },
}

for (const [what, { change, message }] of Object.entries(changes)) {
  t.test(
    `toFile: resuming with ${what} is a CHECKPOINT error, and no file in the directory is changed`,
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

t.test('toFile: a state that cannot be read is a CHECKPOINT error', async t => {
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

t.test('toFile: a temporary file that changes between open and write is a CHECKPOINT error', async t => {
  const path = join(folder(), 'a.ndjson')
  const [saved] = await crashed(path, records, [5])
  const files = openFiles()
  const failures: unknown[] = []
  const run = await open(path, saved?.state, { fail: error => failures.push(error) })
  writeFileSync(temporary(path), 'something else')
  const failure = await failureOf(run.prepare())
  t.match(failure, { code: 'CHECKPOINT' })
  t.strictSame(failures, [failure], 'the failure is also passed to fail()')
  await run.end('leave')
  t.equal(openFiles(), files)
  t.equal(readFileSync(temporary(path), 'utf8'), 'something else')
})

t.test('toFile: a device with a checkpoint is an OPTION error', async t => {
  const stage = fileStage('/dev/null', fileSettings('/dev/null', { format: 'ndjson' }))
  t.match(await failureOf(openResumable(stage)), {
    code: 'OPTION',
    message: /a device or a pipe can't be resumed, received "\/dev\/null"$/,
  })
})

t.test('toFile: the fingerprint is the absolute path, the format and the compression', async t => {
  const path = join(folder(), 'a-{date}.json.gz')
  const fingerprint = { sink: 'file', path, format: 'json', compression: 'gzip' }
  t.strictSame(stageOf(relative(process.cwd(), path)).fingerprint, fingerprint)
})

t.test('toFile: it claims the target of a link, and nothing for a device', async t => {
  const dir = folder()
  mkdirSync(join(dir, 'real'))
  const path = join(dir, 'link.ndjson')
  symlinkSync('real/a.ndjson', path)
  t.strictSame(await stageOf(path).claims?.(), [{ path, target: join(dir, 'real/a.ndjson') }])
  const device = fileStage('/dev/null', fileSettings('/dev/null', { format: 'ndjson' }))
  t.strictSame(await device.claims?.(), [])
  t.strictSame(readdirSync(dir).toSorted(), ['link.ndjson', 'real'])
})

t.test('toFile: find() reports whether the finished file was changed or removed', async t => {
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

t.test('toFile: through a link, the target file is resumed', async t => {
  const dir = folder()
  mkdirSync(join(dir, 'real'))
  const path = join(dir, 'link.ndjson')
  symlinkSync('real/a.ndjson', path)
  const [saved] = await crashed(path, records, [3])
  t.match(saved?.state, {
    path: join(dir, 'real/a.ndjson'),
    temporary: temporary(join(dir, 'real/a.ndjson')),
  })
  const run = await open(path, saved?.state)
  await writeAll(run, records, [], 3)
  await finish(run)
  t.equal(contents(join(dir, 'real/a.ndjson')), document('a.ndjson', records))
  t.ok(lstatSync(path).isSymbolicLink())
  rmSync(path)
  mkdirSync(join(dir, 'other'))
  symlinkSync('other/a.ndjson', path)
  t.match(await failureOf(open(path, saved?.state)), {
    code: 'CHECKPOINT',
    message: /link\.ndjson is .*other\/a\.ndjson now/,
  })
})

t.test('toFile: the temporary file of another checkpoint is never touched', async t => {
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
    t.equal(
      run.counts?.().acknowledged,
      { leave: 1, discard: 0, keep: 2 }[how],
      `${how}: records acknowledged`,
    )
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
  // A sink without a checkpoint does not touch it either, however it ends.
  await pipeline([3], toFile(path))
  t.match(await failureOf(pipeline([3, 3n], toFile(path))), { code: 'SINK' })
  t.ok(readFileSync(temporary(path)).equals(bytes))

  const run = await open(path, other?.state)
  await writeAll(run, records, [], 3)
  await finish(run)
  t.equal(contents(path), document('a.ndjson', records))
})

t.test(
  'toFile: what is at the temporary path of a new run is replaced, and a link there is not followed',
  async t => {
    const dir = folder()
    const path = join(dir, 'a.ndjson')
    writeFileSync(join(dir, 'precious'), 'as it was')
    for (const leave of [
      () => writeFileSync(temporary(path), 'left over, and longer than the new output'),
      () => symlinkSync(join(dir, 'precious'), temporary(path)),
    ]) {
      leave()
      const run = await open(path)
      await writeAll(run, [1])
      await finish(run)
      t.equal(contents(path), '1\n')
      t.equal(readFileSync(join(dir, 'precious'), 'utf8'), 'as it was')
      t.strictSame(readdirSync(dir).toSorted(), ['a.ndjson', 'precious'])
    }
    mkdirSync(temporary(path))
    t.match(await failureOf(open(path)), { code: 'SINK', message: /0123abcd\.partial: it is a directory$/ })
  },
)

t.test(
  'toFile: a temporary name has 255 bytes at most, cuts no character, and is random without a checkpoint',
  async t => {
    const folder = '/some/folder'
    t.equal(temporaryOf(`${folder}/a.ndjson`, 'key'), `${folder}/a.ndjson.key.partial`)
    t.match(temporaryOf('a.ndjson'), /^a\.ndjson\.[0-9a-f]{8}\.partial$/)
    t.not(temporaryOf('a.ndjson'), temporaryOf('a.ndjson'))
    const [one, other] = ['1', '2'].map(end => temporaryOf(`${'y'.repeat(250)}${end}`, '01234567'))
    t.not(one, other, 'two long names that differ at their ends')
    for (const text of ['x', 'ü', '漢', '😀']) {
      for (let shift = 0; shift < 4; shift += 1) {
        const name = ('y'.repeat(shift) + text.repeat(300)).slice(0, 250)
        const made = basename(temporaryOf(join(folder, name), '01234567'))
        const length = Buffer.byteLength(made)
        t.ok(length <= 255 && length > 250, `${length} bytes`)
        t.match(made, /\.[0-9a-f]{8}\.partial$/)
        t.ok(name.startsWith(made.slice(0, -'.01234567.partial'.length)))
      }
    }
  },
)

t.test('toFile: a file with a name of 255 bytes is written, resumed and renamed', async t => {
  const dir = folder()
  const name = `${'ü'.repeat(124)}.ndjson`
  t.equal(Buffer.byteLength(name), 255)
  const path = join(dir, name)
  const [saved] = await crashed(path, records, [3])
  t.equal(readdirSync(dir).length, 1)
  const run = await open(path, saved?.state)
  await writeAll(run, records, [], 3)
  await finish(run)
  t.strictSame(readdirSync(dir), [name])
  t.equal(contents(path), document(name, records))
})

const endings: Record<Ending, { none: string[]; some: string[]; text: string | undefined }> = {
  discard: { none: ['a.ndjson'], some: ['a.ndjson'], text: 'older' },
  keep: { none: ['a.ndjson'], some: ['a.ndjson'], text: '1\n2\n3\n' },
  leave: { none: ['a.ndjson'], some: ['a.ndjson', 'a.ndjson.0123abcd.partial'], text: 'older' },
}
for (const [how, { none, some, text }] of Object.entries(endings) as [Ending, (typeof endings)[Ending]][]) {
  t.test(`toFile: end('${how}') before a record, after records and after commit`, async t => {
    const dir = folder()
    const path = join(dir, 'a.ndjson')
    writeFileSync(path, 'older')
    const before = openFiles()
    const untouched = await open(path)
    await untouched.end(how)
    t.strictSame(readdirSync(dir), none, 'before the first record, no file is touched')
    t.equal(readFileSync(path, 'utf8'), 'older')

    const run = await open(path)
    await writeAll(run, [1, 2, 3], [2])
    await run.end(how)
    t.strictSame(readdirSync(dir).toSorted(), some)
    t.equal(readFileSync(path, 'utf8'), text)
    await run.end('discard')
    t.strictSame(readdirSync(dir).toSorted(), some, 'a second end() does nothing')

    const committed = await open(path)
    await writeAll(committed, [4])
    await finish(committed)
    await committed.end(how)
    t.strictSame(readdirSync(dir), ['a.ndjson'], 'end() after the commit does nothing')
    t.equal(readFileSync(path, 'utf8'), '4\n')
    t.equal(openFiles(), before)
  })
}

t.test(
  'toFile: after end() at any moment, no file changes any more, and an output that exists is complete',
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
      // 'keep' completes the document itself, so it is not combined with prepare.
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
      assert.deepEqual(files(), after, 'no file changes after end()')
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
  'toFile: placeholders are replaced by the time of the run, read at the first flush or full block',
  async t => {
    for (const touch of ['flush', 'prepare', 'write'] as const) {
      const dir = folder()
      let time: Date | undefined
      const path = join(dir, '{date}_{time}_{1}_{{date}}.ndjson.gz')
      const run = await open(path, undefined, { at: () => time })
      await run.write({ n: 1 })
      time = new Date(Date.UTC(2026, 2, 1, 9, 30, 5, 999))
      if (touch === 'write') await run.write({ text: 'x'.repeat(300_000) })
      else await run[touch]()
      time = new Date(0)
      await finish(run)
      const name = '2026-03-01_2026-03-01T09-30-05Z_{1}_{2026-03-01}.ndjson.gz'
      t.strictSame(readdirSync(dir), [name], touch)
      t.equal(run.destination, join(dir, name))
    }
  },
)

t.test('toFile: without a time of the run, placeholders are replaced by the present time', async t => {
  const dir = folder()
  const before = new Date().toISOString().slice(0, 10)
  const run = await open(join(dir, 'stage-{date}.ndjson'))
  await run.write(1)
  await finish(run)
  await pipeline([1], toFile(join(dir, 'plain-{date}.ndjson')))
  const after = new Date().toISOString().slice(0, 10)
  for (const name of ['stage', 'plain']) {
    const found = readdirSync(dir).find(file => file.startsWith(name))
    t.ok([before, after].map(day => `${name}-${day}.ndjson`).includes(found ?? ''), String(found))
  }
})

t.test('toFile: with placeholders, the directory for the present time must exist before the run', async t => {
  const dir = folder()
  const stage = stageOf(join(dir, '{date}/a.ndjson'))
  t.match(await failureOf(Promise.resolve(stage.claims?.())), {
    code: 'SINK',
    message: /its directory does not exist$/,
  })
  // The day may change in between.
  for (const shift of [0, 60_000]) {
    mkdirSync(join(dir, new Date(Date.now() + shift).toISOString().slice(0, 10)), { recursive: true })
  }
  await stage.claims?.()
})

t.test('toFile: a resumed file keeps the name of the first run', async t => {
  const dir = folder()
  const path = join(dir, 'a-{date}.ndjson')
  const first = await open(path, undefined, { at: () => new Date(Date.UTC(2026, 0, 31)) })
  const [saved] = await writeAll(first, records, [2])
  await first.end('leave')
  t.match(saved?.state, { path: join(dir, 'a-2026-01-31.ndjson') })
  const run = await open(path, saved?.state, { at: () => new Date(Date.UTC(2026, 1, 1)) })
  await writeAll(run, records, [], 2)
  await finish(run)
  t.strictSame(readdirSync(dir), ['a-2026-01-31.ndjson'])
  t.equal(contents(join(dir, 'a-2026-01-31.ndjson')), document('a.ndjson', records))
})

t.test(
  'toFile: the next file does not replace a finished one, also one that was changed, unless it was moved away or is empty',
  async t => {
    for (const name of ['a.ndjson', 'a-{date}.ndjson']) {
      const path = join(folder(), name)
      const at = () => new Date(0)
      const last = await open(path, undefined, { at })
      await writeAll(last, records)
      const previous = (await finish(last)) as FileState
      const notReplaced = { code: 'CHECKPOINT', message: /holds the 5 records of the last window/ }
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
      t.match(await failureOf(next()), notReplaced)
      t.ok(readFileSync(previous.path).equals(before))
      appendFileSync(previous.path, 'a line of the user')
      const changed = readFileSync(previous.path)
      t.match(await failureOf(next()), {
        code: 'CHECKPOINT',
        message: /is not the file that the last window wrote, and the next window would replace it/,
      })
      t.ok(readFileSync(previous.path).equals(changed))
      renameSync(previous.path, `${previous.path}.moved`)
      const second = await next()
      t.equal(contents(previous.path), '1\n')
      t.match(await failureOf(next(second as FileState)), {
        message: /holds the 1 records of the last window/,
      })
      t.match(
        await next({ ...(second as FileState), records: 0 }),
        { records: 1 },
        'an empty file may be replaced',
      )
    }
  },
)
