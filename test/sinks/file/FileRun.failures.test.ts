import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  chmodSync,
  closeSync,
  constants,
  createReadStream,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { finished, pipeline } from 'node:stream/promises'
import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import type { LeadpipeError } from '../../../lib/index.ts'
import { run } from '../../../lib/run/run.ts'
import { destination } from '../../../lib/sinks/file/destination.ts'
import { toFile } from '../../../lib/sinks/toFile.ts'
import { leads } from '../../../lib/sources/leads.ts'
import { eventually } from '../../support/eventually.ts'
import { failureOf } from '../../support/failureOf.ts'
import { openClient } from '../../support/openClient.ts'
import { leakedFiles, openFiles } from '../../support/openFiles.ts'
import { runProcess } from '../../support/runProcess.ts'
import { serveLeads } from '../../support/serveLeads.ts'
import { turns } from '../../support/turns.ts'

const isFile = (path: string) => statSync(path).isFile()

const unwritable: Record<string, { place: (dir: string) => string; reason: string; code: string }> = {
  'a missing directory': {
    place: dir => join(dir, 'no/such/a.ndjson'),
    reason: 'its directory does not exist',
    code: 'ENOENT',
  },
  'a directory': {
    place(dir) {
      mkdirSync(join(dir, 'folder.ndjson'))
      return join(dir, 'folder.ndjson')
    },
    reason: 'it is a directory',
    code: 'EISDIR',
  },
  'a link to a directory': {
    place(dir) {
      symlinkSync('.', join(dir, 'link.ndjson'))
      return join(dir, 'link.ndjson')
    },
    reason: 'it is a directory',
    code: 'EISDIR',
  },
  'a file where its directory should be': {
    place(dir) {
      writeFileSync(join(dir, 'file'), 'old')
      return join(dir, 'file/a.ndjson')
    },
    reason: 'a part of its path is a file, not a directory',
    code: 'ENOTDIR',
  },
  'links in a circle': {
    place(dir) {
      symlinkSync('b.ndjson', join(dir, 'a.ndjson'))
      symlinkSync('a.ndjson', join(dir, 'b.ndjson'))
      return join(dir, 'a.ndjson')
    },
    reason: 'too many symbolic links',
    code: 'ELOOP',
  },
  'a name that is too long': {
    place: dir => join(dir, `${'x'.repeat(300)}.ndjson`),
    reason: 'its name is too long',
    code: 'ENAMETOOLONG',
  },
  'a path whose temporary file has a path that is too long': {
    place(dir) {
      let folder = dir
      while (folder.length < 4_000) folder = join(folder, 'x'.repeat(Math.min(200, 4_080 - folder.length)))
      mkdirSync(folder, { recursive: true })
      return join(folder, 'a.ndjson')
        .padEnd(4_094, 'x')
        .replace(/a\.ndjson(x*)$/, '$1.ndjson')
    },
    reason: 'its name is too long',
    code: 'ENAMETOOLONG',
  },
}

for (const [what, { place, reason, code }] of Object.entries(unwritable)) {
  t.test(`toFile: ${what} is a SINK error before the first request`, async t => {
    const dir = t.testdir()
    const path = place(dir)
    const before = readdirSync(dir)
    const { origin, targets } = await serveLeads(t, [{ guid: 'a' }])
    const failure = (await failureOf(run(leads(openClient(t, origin)), toFile(path)))) as LeadpipeError
    t.match(failure, { code: 'SINK', context: { path, code }, retryable: false })
    t.ok(failure.message.startsWith(`can't write ${path}: `), failure.message)
    t.match(failure.message, reason)
    t.strictSame(targets, [])
    t.strictSame(readdirSync(dir), before)
    const plain = await failureOf(pipeline([1], toFile(path)))
    t.match(plain, { code: 'SINK', message: failure.message }, 'a plain pipeline fails with the same error')
  })
}

t.test('toFile: a path without write permission is a SINK error', async t => {
  const dir = t.testdir({ closed: {}, open: { 'read-only.ndjson': 'old\n' } })
  chmodSync(join(dir, 'closed'), 0o555)
  chmodSync(join(dir, 'open'), 0o777)
  chmodSync(join(dir, 'open/read-only.ndjson'), 0o444)
  // Root may write anywhere, so another user writes.
  const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
  const paths = [join(dir, 'closed/a.ndjson'), join(dir, 'open/read-only.ndjson')]
  const { stderr, code } = await runProcess('test/support/writeTo.ts', paths, nobody)
  t.equal(code, 0, stderr)
  const lines = stderr.trim().split('\n')
  for (const [index, path] of paths.entries()) {
    const expected = { code: 'SINK', message: `can't write ${path}: permission denied` }
    t.strictSame(JSON.parse(lines[index] as string), expected)
  }
  t.strictSame(readdirSync(join(dir, 'closed')), [])
  t.equal(readFileSync(join(dir, 'open/read-only.ndjson'), 'utf8'), 'old\n')
})

const noise = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ n, noise: randomBytes(3_000).toString('base64') }))

for (const compression of ['none', 'gzip'] as const) {
  for (const [amount, records] of Object.entries({
    ...(compression === 'gzip' && { 'no record': [] }),
    'a record': [1],
    'many records': noise(400),
  })) {
    t.test(`toFile: ${amount} to a full device, compression ${compression}, is a SINK error`, async t => {
      const before = openFiles()
      const failure = (await failureOf(
        run(records, toFile('/dev/full', { format: 'ndjson', compression })),
      )) as LeadpipeError
      t.match(failure, {
        code: 'SINK',
        message: "can't write /dev/full: no space is left on the device",
        context: { path: '/dev/full', code: 'ENOSPC' },
      })
      t.equal(await leakedFiles(before), 0)
      t.notOk(isFile('/dev/full'))
    })
  }
}

t.test('toFile: without records, plain NDJSON to a full device succeeds, as it has no bytes', async t => {
  t.match(await run([], toFile('/dev/full', { format: 'ndjson' })), { records: 0, sink: { bytes: 0 } })
})

t.test('toFile: /dev/null can be written to, and stays a device', async t => {
  t.strictSame(await destination('/dev/null'), { path: '/dev/null', how: 'device' })
  const link = join(t.testdir({ 'null.ndjson': t.fixture('symlink', '/dev/null') }), 'null.ndjson')
  t.match(await destination(link), { how: 'device' })
  t.match(await run([1, 2], toFile('/dev/null', { format: 'json' })), { records: 2, sink: { bytes: 9 } })
  t.match(await run([1, 2], toFile(link)), { records: 2 })
  t.ok(statSync('/dev/null').isCharacterDevice())
})

t.test('toFile: a named pipe is written to directly, no faster than it is read', async t => {
  const path = join(t.testdir(), 'pipe.ndjson')
  execFileSync('mkfifo', [path])
  const reader = createReadStream(path)
  const records = noise(500)
  const sink = toFile(path)
  const running = run(records, sink)
  await once(reader, 'ready')
  await turns(300)
  t.ok(
    sink.counts.received < 300,
    `${sink.counts.received} records were accepted for a pipe that is not read`,
  )
  t.equal(await text(reader), records.map(record => `${JSON.stringify(record)}\n`).join(''))
  t.match(await running, { records: 500 })
  t.ok(statSync(path).isFIFO())
})

t.test('toFile: a named pipe whose reader closes is a SINK error', async t => {
  const path = join(t.testdir(), 'pipe.ndjson')
  execFileSync('mkfifo', [path])
  const reader = createReadStream(path)
  const failing = failureOf(run(noise(2_000), toFile(path)))
  reader.once('data', () => reader.destroy())
  t.match(await failing, { code: 'SINK', context: { path, code: 'EPIPE' } })
  t.ok(statSync(path).isFIFO())
})

const unread: Record<string, (path: string) => () => void> = {
  'that nobody opens': () => () => {},
  'that is opened and never read': path => {
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    return () => closeSync(reader)
  },
}
for (const [what, hold] of Object.entries(unread)) {
  t.test(`toFile: an abort ends a run to a named pipe ${what}`, async t => {
    const path = join(t.testdir(), 'pipe.ndjson')
    execFileSync('mkfifo', [path])
    const letGo = hold(path)
    const before = openFiles()
    const controller = new AbortController()
    const reason = new Error('enough')
    const sink = toFile(path)
    const failing = failureOf(run(noise(2_000), sink, { signal: controller.signal }))
    await eventually(() => sink.counts.received > 0, true)
    await turns(100)
    controller.abort(reason)
    t.equal(await failing, reason)
    t.equal(await leakedFiles(before), 0)
    letGo()
  })

  t.test(`toFile: a plain pipeline to a named pipe ${what} ends when it is destroyed`, async t => {
    const path = join(t.testdir(), 'pipe.ndjson')
    execFileSync('mkfifo', [path])
    const letGo = hold(path)
    const before = openFiles()
    const sink = toFile(path)
    const failing = failureOf(pipeline(noise(500), sink))
    await eventually(() => sink.counts.received > 0, true)
    sink.destroy(new Error('enough'))
    t.match(await failing, { message: 'enough' })
    t.equal(await leakedFiles(before), 0)
    letGo()
  })
}

t.test('toFile: a named pipe whose reader comes late gets everything', async t => {
  const path = join(t.testdir(), 'pipe.ndjson')
  execFileSync('mkfifo', [path])
  const sink = toFile(path)
  const running = run(noise(200), sink)
  await eventually(() => sink.counts.received > 0, true)
  await turns(100)
  t.equal((await text(createReadStream(path))).split('\n').length, 201)
  t.match(await running, { records: 200 })
})

t.test('toFile: a socket is a SINK error', async t => {
  // The path of a socket has at most 107 bytes, and a longer one is cut without an error.
  const path = join(mkdtempSync(join(tmpdir(), 'socket-')), 'socket')
  const server = createServer().listen(path)
  t.teardown(() => {
    server.close()
    rmSync(dirname(path), { recursive: true })
  })
  await once(server, 'listening')
  t.match(await failureOf(run([1], toFile(path, { format: 'ndjson' }))), {
    code: 'SINK',
    message: `can't write ${path}: it is a socket`,
  })
})

const circular: Record<string, unknown> = {}
circular.itself = circular
const notJson: Record<string, { record: unknown; why: RegExp }> = {
  'a BigInt': { record: { guid: 'g', n: 1n }, why: /BigInt/ },
  'a circular object': { record: Object.assign(circular, { guid: 'g' }), why: /circular/i },
  'a toJSON that returns undefined': {
    record: { guid: 'g', toJSON: () => undefined },
    why: /the result of its toJSON\(\) is not JSON/,
  },
  'a toJSON that throws': {
    record: {
      guid: 'g',
      toJSON() {
        throw new Error('not today')
      },
    },
    why: /not today/,
  },
  'a function': { record: Object.assign(() => {}, { guid: 'g' }), why: /a function is not JSON/ },
  bytes: {
    record: Object.assign(Buffer.from('{}'), { guid: 'g' }),
    why: /bytes; remove encode\(\)/,
  },
}

for (const [what, { record, why }] of Object.entries(notJson)) {
  for (const name of ['a.ndjson', 'a.json.gz']) {
    t.test(`toFile: ${name}: ${what} as a record is a SINK error with its number and guid`, async t => {
      const dir = t.testdir({ [name]: 'old' })
      const failure = await failureOf(run([{ a: 1 }, { b: 2 }, record, { c: 3 }], toFile(join(dir, name))))
      t.match(failure, { code: 'SINK', context: { record: 3, guid: 'g' } })
      t.match((failure as Error).message, /^record 3 \(guid g\) can't be written: /)
      t.match((failure as Error).message, why)
      t.strictSame(readdirSync(dir), [name])
      t.equal(readFileSync(join(dir, name), 'utf8'), 'old')
    })
  }
}

t.test('toFile: after a failed run, records and acknowledged are 0 in the report', async t => {
  const path = join(t.testdir(), 'a.ndjson')
  const failure = (await failureOf(
    run(
      (function* () {
        yield* noise(500)
        throw new Error('lost')
      })(),
      toFile(path),
    ),
  )) as LeadpipeError
  t.match(failure, { code: 'SOURCE', report: { records: 0, sink: { acknowledged: 0 } } })
})

t.test('toFile: bytes that another process adds to the temporary file are a SINK error', async t => {
  const dir = t.testdir({ 'a.ndjson': 'old' })
  const failure = await failureOf(
    run(
      (function* () {
        yield* noise(200)
        const [temporary] = readdirSync(dir).filter(name => name.endsWith('.partial'))
        writeFileSync(join(dir, temporary as string), 'intruder'.repeat(100_000), { flag: 'a' })
      })(),
      toFile(join(dir, 'a.ndjson'), { highWaterMark: 1 }),
    ),
  )
  t.match(failure, { code: 'SINK', message: /did another process change it\?$/ })
  t.strictSame(readdirSync(dir), ['a.ndjson'])
  t.equal(readFileSync(join(dir, 'a.ndjson'), 'utf8'), 'old')
})

const dir = t.testdir()
const old = 'the older file, byte for byte\n'

/** The files of a folder by name, with their contents. */
const contents = (folder: string) =>
  Object.fromEntries(readdirSync(folder).map(name => [name, readFileSync(join(folder, name))]))

const scenario = fc.record({
  records: fc.array(fc.nat(200_000), { maxLength: 5 }),
  end: fc.boolean(),
  moment: fc.oneof(
    fc.nat(12).map(power => 2 ** power - 1),
    fc.constant('when it is closed'),
  ),
  zipped: fc.boolean(),
  exists: fc.boolean(),
  error: fc.constantFrom(undefined, new Error('from outside')),
})

t.test('toFile: destroyed at any moment, it leaves the old or the complete new file', async t => {
  const before = openFiles()
  let survived = 0
  let replaced = 0
  const property = fc.asyncProperty(scenario, async ({ records, end, moment, zipped, exists, error }) => {
    const folder = mkdtempSync(join(dir, 'destroyed-'))
    const name = zipped ? 'a.ndjson.gz' : 'a.ndjson'
    if (exists) writeFileSync(join(folder, name), old)
    const sink = toFile(join(folder, name))
    const failing = finished(sink).catch((reason: unknown) => reason)
    const texts = records.map(length => ({ text: 'x'.repeat(length) }))
    for (const text of texts) sink.write(text)
    if (end) sink.end()
    if (typeof moment === 'number') await turns(moment)
    else if (end) await failing
    const had = sink.writableFinished
    sink.destroy(error)
    const failure = await failing
    if (!sink.closed) await new Promise(resolve => sink.once('close', resolve))

    const after = contents(folder)
    await turns(5)
    assert.deepEqual(contents(folder), after, 'no file changes once the sink is closed')
    assert.deepEqual(
      Object.keys(after).filter(file => file !== name),
      [],
      'no temporary file is left',
    )
    const whole = texts.map(text => `${JSON.stringify(text)}\n`).join('')
    const found = after[name]
    assert.equal(failure === undefined, had, 'finished() fails unless the sink had finished')
    const isOld = exists ? found?.toString() === old : found === undefined
    const isNew = () => found !== undefined && (zipped ? gunzipSync(found) : found).toString() === whole
    assert.ok(had ? isNew() : isOld || isNew(), 'the file is complete, or as before')
    if (isOld) survived += 1
    else replaced += 1
    if (isOld && !had) assert.equal(sink.counts.acknowledged, 0)
    rmSync(folder, { recursive: true })
  })
  await t.resolves(fc.assert(property, { numRuns: 150 }))
  t.ok(survived > 10 && replaced > 3, `${survived} survived, ${replaced} replaced`)
  t.equal(await leakedFiles(before), 0)
})

t.test('toFile: destroyed before the first record, it creates no file', async t => {
  const folder = mkdtempSync(join(dir, 'untouched-'))
  const sink = toFile(join(folder, 'a.ndjson'))
  sink.destroy()
  await t.rejects(finished(sink), { code: 'ERR_STREAM_PREMATURE_CLOSE' })
  t.strictSame(readdirSync(folder), [])
})

t.test('toFile: destroyed between the last byte and the rename, it leaves the old file', async t => {
  // The moments of the end in turn: sync, close, rename.
  const folder = mkdtempSync(join(dir, 'end-'))
  const path = join(folder, 'a.ndjson')
  const outcomes = new Set<string>()
  for (let moment = 0; moment < 400; moment += 10) {
    writeFileSync(path, old)
    const sink = toFile(path)
    const done = finished(sink).then(
      () => 'finished',
      () => 'failed',
    )
    sink.end({ new: true })
    await turns(moment)
    sink.destroy()
    const outcome = await done
    if (!sink.closed) await new Promise(resolve => sink.once('close', resolve))
    const text = readFileSync(path, 'utf8')
    outcomes.add(`${outcome}, ${text === old ? 'old' : 'new'}`)
    await turns(5)
    t.equal(readFileSync(path, 'utf8'), text, `moment ${moment}`)
    t.strictSame(readdirSync(folder), ['a.ndjson'])
  }
  t.notOk(outcomes.has('finished, old'), [...outcomes].join('; '))
  t.ok(outcomes.has('failed, old'))
})
