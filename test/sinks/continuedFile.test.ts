import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  appendFileSync,
  existsSync,
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
import { join, relative } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { Mark } from '../../lib/model/Mark.ts'
import type { FileSink } from '../../lib/sinks/file/FileSink.ts'
import type { FileState } from '../../lib/sinks/file/fileState.ts'
import { toFile } from '../../lib/sinks/toFile.ts'
import { failureOf } from '../support/failureOf.ts'
import { closed, continuation, crash, endOf, mark, put, type Saved, writeMarked } from '../support/marked.ts'
import { noisy } from '../support/noisy.ts'
import { openFiles } from '../support/openFiles.ts'
import { turns } from '../support/turns.ts'

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

/** A sink that goes on from a state, or begins. */
async function continued(path: string, state?: unknown, given = continuation(state)): Promise<FileSink> {
  const sink = toFile(path)
  await sink.check()
  await sink.continueFrom(given)
  return sink
}

/** Writes with marks and crashes: the file that is left ends in what no state speaks of. */
async function crashed(path: string, values: readonly unknown[], marks: readonly number[]): Promise<Saved[]> {
  const sink = await continued(path)
  const saved = await writeMarked(sink, values, marks)
  await crash(sink)
  return saved
}

const dir = t.testdir()
const folder = () => mkdtempSync(join(dir, 'case-'))

for (const name of names) {
  t.test(`${name}: from each mark, the file becomes what it is without a crash`, async () => {
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
      const marks = places.map(place => Math.min(place, values.length)).toSorted()
      const saved = await crashed(path, values, marks)
      assert.equal(saved.length, marks.length)
      assert.equal(existsSync(path), false)
      const left = marks.length > 0 ? readFileSync(`${path}.partial`) : Buffer.alloc(0)
      for (const { state, records } of [{ state: undefined, records: 0 }, ...saved]) {
        writeFileSync(`${path}.partial`, left)
        appendFileSync(`${path}.partial`, garbage)
        const given = continuation(state)
        const sink = await continued(path, state, given)
        assert.deepEqual(sink.counts, {
          received: records,
          acknowledged: records,
          bytes: (state as FileState | undefined)?.bytes ?? 0,
        })
        // The marks at the state's own place come again; each gives a state at the same place.
        for (const again of await writeMarked(sink, values, marks, records)) {
          assert.equal((again.state as FileState).records, again.records)
        }
        await endOf(sink)
        assert.equal(contents(path), document(name, values))
        const bytes = statSync(path).size
        assert.deepEqual(sink.counts, { received: values.length, acknowledged: values.length, bytes })
        const { tail } = given.completed[0] as FileState
        assert.deepEqual(given.completed, [{ path, bytes, records: values.length, tail, complete: true }])
        assert.equal(existsSync(`${path}.partial`), false)
        rmSync(path)
      }
    })
    await fc.assert(property, { numRuns: 12 })
  })

  t.test(`${name}: crashed at any moment, again and again, nothing is lost or doubled`, async t => {
    const values = noisy(400)
    const marks = [0, 50, 51, 120, 200, 333, 400]
    for (let moment = 1; moment < 60; moment += 12) {
      const path = join(folder(), name)
      let last: Saved = { state: undefined, records: 0 }
      for (let crashes = 0; crashes < 4; crashes += 1) {
        const sink = await continued(path, last.state)
        const write = async () => {
          const places = marks.filter(place => place >= last.records)
          let from = last.records
          for (const place of places) {
            await writeMarked(sink, values.slice(0, place), [], from)
            last = { state: await mark(sink), records: place }
            from = place
          }
        }
        const writing = write().catch(() => {})
        await Promise.race([turns(moment), writing])
        await crash(sink)
      }
      const sink = await continued(path, last.state)
      await writeMarked(sink, values, [], last.records)
      await endOf(sink)
      t.equal(contents(path), document(name, values), `moment ${moment}`)
      t.strictSame(readdirSync(join(path, '..')), [name])
    }
  })

  t.test(`${name}: complete, but crashed before the rename: only that is left`, async t => {
    const path = join(folder(), name)
    writeFileSync(path, 'older')
    const first = await continued(path, undefined, {
      ...continuation(),
      complete: async state => {
        t.match(state, { path, records: 5, complete: true })
        complete = JSON.parse(JSON.stringify(state))
        first.destroy()
      },
    })
    let complete: unknown
    await writeMarked(first, records, [2])
    first.on('error', () => {}).end()
    await closed(first)
    t.equal(readFileSync(path, 'utf8'), 'older')
    t.equal(first.counts.acknowledged, 5, 'they are durable')

    const given = continuation(complete)
    const sink = await continued(path, complete, given)
    t.equal(readFileSync(path, 'utf8'), 'older', 'to look changes nothing')
    t.strictSame(sink.counts, { received: 5, acknowledged: 5, bytes: statSync(`${path}.partial`).size })
    await endOf(sink)
    t.equal(contents(path), document(name, records))
    t.strictSame(given.completed, [], 'it was complete before')
    t.notOk(existsSync(`${path}.partial`))

    const inode = statSync(path).ino
    const after = continuation(complete)
    const again = await continued(path, complete, after)
    t.strictSame(again.counts, { received: 5, acknowledged: 5, bytes: statSync(path).size })
    await endOf(again)
    t.strictSame(after.completed, [])
    t.equal(statSync(path).ino, inode, 'after the rename, nothing is left to do')
    t.equal(contents(path), document(name, records))
  })

  for (const count of [0, records.length]) {
    t.test(`${name} with ${count} records, in its place since the last mark: it stays as it is`, async t => {
      const path = join(folder(), name)
      const values = records.slice(0, count)
      const first = await continued(path)
      const [last] = await writeMarked(first, values, [count])
      await endOf(first)
      const { ino, size } = statSync(path)

      const given = continuation(last?.state)
      const sink = await continued(path, last?.state, given)
      t.strictSame(await mark(sink), last?.state, 'a mark gives the state that it began with')
      await endOf(sink)
      t.match(statSync(path), { ino, size })
      t.match(given.completed, [{ path, bytes: size, records: count, complete: true }])
      t.strictSame(sink.counts, { received: count, acknowledged: count, bytes: size })

      const late = await continued(path, last?.state)
      t.match(await failureOf(pipeline([{ late: true }], late)), {
        code: 'CHECKPOINT',
        message: `${path} is complete already, and a record came: the checkpoint is not of this run`,
      })
      t.match(statSync(path), { ino, size })
    })
  }

  t.test(
    `${name}: a mark before any record makes an empty file; one without new records adds nothing`,
    async t => {
      const path = join(folder(), name)
      const sink = await continued(path)
      t.strictSame(readdirSync(join(path, '..')), [], 'nothing is touched before')
      t.match(await mark(sink), { path, bytes: 0, records: 0 })
      t.equal(statSync(`${path}.partial`).size, 0)
      await put(sink, { n: 1 })
      const state = (await mark(sink)) as FileState
      t.equal(statSync(`${path}.partial`).size, state.bytes)
      t.match(sink.counts, { received: 1, acknowledged: 1, bytes: state.bytes })
      t.strictSame(await mark(sink), state)
      await crash(sink)
      t.strictSame(readdirSync(join(path, '..')), [`${name}.partial`])
    },
  )
}

for (const name of ['a.json', 'a.ndjson.gz']) {
  t.test(
    `${name}: no room while it is written: the state of the last mark is good to go on from`,
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
      const sink = await continued(path, last.state)
      await writeMarked(sink, noisy(900), [], last.records)
      await endOf(sink)
      t.equal(contents(path), document(name, noisy(900)))
    },
  )
}

t.test('each mark ends a gzip member that has something in it', async t => {
  const path = join(folder(), 'a.ndjson.gz')
  const sink = await continued(path)
  const saved = await writeMarked(sink, records, [0, 1, 1, 3, 5])
  await endOf(sink)
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

t.test('errors count the records before the restart, too', async t => {
  const path = join(folder(), 'a.ndjson')
  const [last] = await crashed(path, records, [5])
  const sink = await continued(path, last?.state)
  const failure = await failureOf(pipeline([{ n: 5 }, 7n], sink))
  t.match(failure, { code: 'SINK', message: /^record 7 can't be written/ })
})

t.test('when the checkpoint is not saved, the sink fails with why, and the file stays', async t => {
  const path = join(folder(), 'a.ndjson')
  const sink = await continued(path)
  const lost = new Error('no room for the checkpoint')
  t.equal(await failureOf(pipeline([1, new Mark(undefined, () => Promise.reject(lost))], sink)), lost)
  t.equal(readFileSync(`${path}.partial`, 'utf8'), '1\n')

  const other = await continued(path, undefined, {
    state: undefined,
    completed: [],
    complete: () => Promise.reject(lost),
  })
  t.equal(await failureOf(pipeline([1, 2], other)), lost)
  t.equal(readFileSync(`${path}.partial`, 'utf8'), '1\n2\n')
  t.notOk(existsSync(path))
})

t.test('a mark without a checkpoint: CHECKPOINT, and no temporary file', async t => {
  const path = join(folder(), 'a.ndjson')
  const sink = toFile(path)
  sink.on('error', () => {})
  t.match(await failureOf(mark(sink)), {
    code: 'CHECKPOINT',
    message: `${path}: a mark came without a checkpoint`,
  })
  t.strictSame(readdirSync(join(path, '..')), [])
})

t.test('another process that writes to the same file is found out at the next mark', async t => {
  const path = join(folder(), 'a.ndjson')
  const sink = await continued(path)
  sink.on('error', () => {})
  await writeMarked(sink, records, [2])
  appendFileSync(`${path}.partial`, 'intruder')
  t.match(await failureOf(mark(sink)), { code: 'SINK', message: /did another process change it\?$/ })
})

const refusals: Record<string, { change: (path: string, state: FileState) => unknown; message: RegExp }> = {
  'it is shorter': {
    change: (path, { bytes }) => truncateSync(`${path}.partial`, bytes - 1),
    message:
      /a\.ndjson\.partial has \d+ bytes, the checkpoint is of \d+: the output is shorter than the checkpoint says; delete the checkpoint to begin anew$/,
  },
  'it is another one': {
    change: (path, { bytes }) => writeFileSync(`${path}.partial`, 'x'.repeat(bytes)),
    message:
      /a\.ndjson\.partial: the output is not the one that the checkpoint is of; delete the checkpoint to begin anew$/,
  },
  'it is gone': {
    change: path => rmSync(`${path}.partial`),
    message:
      /a\.ndjson\.partial is not there, and .*a\.ndjson is not the complete file: the output that the checkpoint is of is gone; delete the checkpoint to begin anew$/,
  },
  'it is gone, and an older file is there': {
    change(path) {
      rmSync(`${path}.partial`)
      writeFileSync(path, 'older')
    },
    message:
      /is not there, and .*a\.ndjson is not the complete file: the output that the checkpoint is of is gone; delete the checkpoint to begin anew$/,
  },
  'it is gone, and the file has more in it': {
    change(path) {
      renameSync(`${path}.partial`, path)
      appendFileSync(path, '{}\n')
    },
    message:
      /is not there, and .*a\.ndjson is not the complete file: the output that the checkpoint is of is gone; delete the checkpoint to begin anew$/,
  },
  'a folder has its name': {
    change(path) {
      rmSync(`${path}.partial`)
      mkdirSync(`${path}.partial`)
    },
    message: /the output is not the one .*; delete the checkpoint to begin anew$/,
  },
  'a link has its name': {
    change(path) {
      renameSync(`${path}.partial`, `${path}.elsewhere`)
      symlinkSync(`${path}.elsewhere`, `${path}.partial`)
    },
    message: /the output is not the one .*; delete the checkpoint to begin anew$/,
  },
  'the state is complete, and more is in the temporary file': {
    change(path, state) {
      appendFileSync(`${path}.partial`, '{}\n')
      return { ...state, complete: true }
    },
    message: /the output is not the one .*; delete the checkpoint to begin anew$/,
  },
}

for (const [what, { change, message }] of Object.entries(refusals)) {
  t.test(`${what}: CHECKPOINT, and nothing is changed`, async t => {
    const path = join(folder(), 'a.ndjson')
    const [saved] = await crashed(path, records, [5])
    const state = saved?.state as FileState
    const changed = change(path, state) ?? state
    const before = readdirSync(join(path, '..')).toSorted()
    t.match(await failureOf(continued(path, changed)), { code: 'CHECKPOINT', message })
    t.strictSame(readdirSync(join(path, '..')).toSorted(), before)
  })
}

t.test('a state that can not be read: CHECKPOINT', async t => {
  const path = join(folder(), 'a.ndjson')
  const [saved] = await crashed(path, records, [5])
  const state = saved?.state as FileState
  const unreadable = [
    null,
    'text',
    [],
    {},
    { ...state, path: 'a.ndjson' },
    { ...state, bytes: -1 },
    { ...state, bytes: 1.5 },
    { ...state, records: '5' },
    { ...state, tail: 'x' },
    { ...state, complete: 'yes' },
  ]
  for (const given of unreadable) {
    t.match(await failureOf(continued(path, given)), {
      code: 'CHECKPOINT',
      message: `${path}: what the checkpoint says of it can't be read`,
    })
  }
})

t.test('a file that changes between the look and the first write: CHECKPOINT', async t => {
  const path = join(folder(), 'a.ndjson')
  const [saved] = await crashed(path, records, [5])
  const sink = await continued(path, saved?.state)
  writeFileSync(`${path}.partial`, 'something else')
  const files = openFiles()
  t.match(await failureOf(pipeline([], sink)), { code: 'CHECKPOINT' })
  t.equal(openFiles(), files)
  t.equal(readFileSync(`${path}.partial`, 'utf8'), 'something else')
})

t.test('a device is no file to go on with: OPTION', async t => {
  const failure = await failureOf(toFile('/dev/null', { format: 'ndjson' }).continueFrom(continuation()))
  t.match(failure, {
    code: 'OPTION',
    message: /\/dev\/null: a device or a pipe can't be continued; with a checkpoint, write to a file$/,
  })
})

t.test('its identity is where it writes, and how', async t => {
  const path = join(folder(), 'a-{date}.json.gz')
  const identity = { sink: 'file', path, format: 'json', compression: 'gzip' }
  t.strictSame(toFile(relative(process.cwd(), path)).identity, identity)
})

t.test('through a link, the file behind it is continued', async t => {
  const place = folder()
  mkdirSync(join(place, 'real'))
  const path = join(place, 'link.ndjson')
  symlinkSync('real/a.ndjson', path)
  const [saved] = await crashed(path, records, [3])
  t.equal((saved as { state: FileState }).state.path, join(place, 'real/a.ndjson'))
  const sink = await continued(path, saved?.state)
  await writeMarked(sink, records, [], 3)
  await endOf(sink)
  t.equal(contents(join(place, 'real/a.ndjson')), document('a.ndjson', records))
})

t.test('placeholders stand for the time that the run says, at the first write', async t => {
  const place = folder()
  const sink = toFile(join(place, '{date}_{time}_{guid}_{{date}}.ndjson.gz'))
  let time = new Date(0)
  sink.nameBy(() => time)
  time = new Date(Date.UTC(2026, 2, 1, 9, 30, 5, 999))
  await pipeline([1], sink)
  t.strictSame(readdirSync(place), ['2026-03-01_2026-03-01T09-30-05Z_{guid}_{2026-03-01}.ndjson.gz'])
})

t.test('without such a time, for the present', async t => {
  const place = folder()
  const before = new Date().toISOString().slice(0, 10)
  const told = toFile(join(place, 'told-{date}.ndjson'))
  told.nameBy(() => undefined)
  await pipeline([1], told)
  await pipeline([1], toFile(join(place, 'plain-{date}.ndjson')))
  const after = new Date().toISOString().slice(0, 10)
  for (const name of ['told', 'plain']) {
    const found = readdirSync(place).find(file => file.startsWith(name))
    t.ok([before, after].map(day => `${name}-${day}.ndjson`).includes(found ?? ''), String(found))
  }
})

t.test('the folder of the present is looked for before the run', async t => {
  const place = folder()
  const sink = toFile(join(place, '{date}/a.ndjson'))
  t.match(await failureOf(sink.check()), { code: 'SINK', message: /its directory does not exist$/ })
  // The day may end meanwhile.
  for (const shift of [0, 60_000]) {
    mkdirSync(join(place, new Date(Date.now() + shift).toISOString().slice(0, 10)), { recursive: true })
  }
  await sink.check()
})

t.test('a restart keeps the name that the first start gave', async t => {
  const place = folder()
  const path = join(place, 'a-{date}.ndjson')
  const first = await continued(path)
  first.nameBy(() => new Date(Date.UTC(2026, 0, 31)))
  const [saved] = await writeMarked(first, records, [2])
  await crash(first)
  t.equal((saved as { state: FileState }).state.path, join(place, 'a-2026-01-31.ndjson'))
  const sink = await continued(path, saved?.state)
  sink.nameBy(() => new Date(Date.UTC(2026, 1, 1)))
  await writeMarked(sink, records, [], 2)
  await endOf(sink)
  t.strictSame(readdirSync(place), ['a-2026-01-31.ndjson'])
  t.equal(contents(join(place, 'a-2026-01-31.ndjson')), document('a.ndjson', records))
})
