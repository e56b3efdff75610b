import {
  closeSync,
  existsSync,
  linkSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import type { FileOptions } from '../../lib/index.ts'
import { peek } from '../../lib/operators/peek.ts'
import { validate } from '../../lib/operators/validate.ts'
import { run } from '../../lib/run/run.ts'
import { toFile } from '../../lib/sinks/toFile.ts'
import { failureOf } from '../support/failureOf.ts'
import { leakedFiles, openFiles } from '../support/openFiles.ts'
import { turns } from '../support/turns.ts'

const records = [
  { guid: 'a', text: 'Grüße, 漢字, 😀, \u2028, "quoted", \\, \n, \ud83d' },
  { n: 0.1, none: undefined, null: null, nested: { list: [1, [2]] } },
  'text',
  42,
  false,
  [],
  { toJSON: () => ({ own: 'JSON' }) },
  new Date(0),
]
const texts = records.map(record => JSON.stringify(record))
const ndjson = texts.map(text => `${text}\n`).join('')
const json = `[\n${texts.join(',\n')}\n]\n`

const plain: Record<string, { options?: FileOptions; expected: string }> = {
  'leads.ndjson': { expected: ndjson },
  'leads.jsonl': { expected: ndjson },
  'leads.json': { expected: json },
  'LEADS.NDJSON': { expected: ndjson },
  'many.dots.in.it.json': { expected: json },
  'leads.txt': { options: { format: 'ndjson' }, expected: ndjson },
  'no-ending': { options: { format: 'json' }, expected: json },
  'a.json': { options: { format: 'ndjson' }, expected: ndjson },
  'b.ndjson.gz': { options: { compression: 'none' }, expected: ndjson },
}
const zipped: Record<string, { options?: FileOptions; expected: string }> = {
  'leads.ndjson.gz': { expected: ndjson },
  'leads.json.gz': { expected: json },
  'leads.jsonl.GZ': { expected: ndjson },
  'leads.gz': { options: { format: 'json' }, expected: json },
  'c.ndjson': { options: { compression: 'gzip' }, expected: ndjson },
}

for (const [name, { options, expected }] of Object.entries(plain)) {
  t.test(`toFile: ${name} ${options ? JSON.stringify(options) : ''} has the expected bytes`, async t => {
    const path = join(t.testdir(), name)
    const report = await run(records, toFile(path, options))
    t.equal(readFileSync(path, 'utf8'), expected)
    t.match(report, {
      records: records.length,
      sink: {
        received: records.length,
        acknowledged: records.length,
        bytes: Buffer.byteLength(expected),
      },
    })
  })
}

for (const [name, { options, expected }] of Object.entries(zipped)) {
  t.test(`toFile: ${name} ${options ? JSON.stringify(options) : ''} is gzip of them`, async t => {
    const path = join(t.testdir(), name)
    const report = await run(records, toFile(path, options))
    t.equal(gunzipSync(readFileSync(path)).toString(), expected)
    t.match(report, { records: records.length, sink: { bytes: statSync(path).size } })
  })
}

t.test('toFile: without records, it writes an empty NDJSON file, JSON array or gzip of them', async t => {
  const dir = t.testdir()
  for (const [name, expected] of [
    ['a.ndjson', ''],
    ['a.json', '[]\n'],
  ] as const) {
    await run([], toFile(join(dir, name)))
    t.equal(readFileSync(join(dir, name), 'utf8'), expected)
    await run([], toFile(join(dir, `${name}.gz`)))
    t.equal(gunzipSync(readFileSync(join(dir, `${name}.gz`))).toString(), expected)
  }
})

t.test('toFile: in a plain pipeline, it writes the same bytes as in run', async t => {
  const path = join(t.testdir(), 'a.ndjson')
  const sink = toFile(path)
  await pipeline(records, sink)
  t.equal(readFileSync(path, 'utf8'), ndjson)
  t.strictSame(sink.counts, {
    received: records.length,
    acknowledged: records.length,
    bytes: Buffer.byteLength(ndjson),
    unchanged: 0,
  })
  t.equal(sink.path, path)
})

t.test('toFile: no file is created before the first block is full', async t => {
  const dir = t.testdir()
  const files = openFiles()
  const sink = toFile(join(dir, 'a.ndjson'))
  sink.write({ n: 1 })
  await turns(20)
  t.strictSame(readdirSync(dir), [])
  t.equal(openFiles(), files)
  sink.destroy()
})

t.test('toFile: bytes go to a temporary file, which is renamed at the end', async t => {
  const dir = t.testdir()
  const path = join(dir, 'a.ndjson')
  const sink = toFile(path)
  const large = { text: 'x'.repeat(300_000) }
  await new Promise(resolve => sink.write(large, resolve))
  t.match(readdirSync(dir), [/^a\.ndjson\.[0-9a-f]{8}\.partial$/])
  await new Promise(resolve => sink.end(large, () => sink.once('close', resolve)))
  t.strictSame(readdirSync(dir), ['a.ndjson'])
  t.equal(readFileSync(path, 'utf8'), `${JSON.stringify(large)}\n`.repeat(2))
})

t.test('toFile: large records and multi-byte text are written unchanged', async t => {
  const dir = t.testdir()
  const units = ['😀', '漢', 'ü', 'x', '\u{10ffff}', '\ud83d']
  const many = Array.from({ length: 300 }, (_, n) => ({
    n,
    text: (units[n % units.length] as string).repeat((n * 977) % 5_003),
  }))
  const huge = ['é'.repeat(3_000_001), 'z'.repeat(8_000_000)].map(text => ({ text }))
  const all = [...many, ...huge, ...many]
  const expected = all.map(record => `${JSON.stringify(record)}\n`).join('')
  await run(all, toFile(join(dir, 'a.ndjson')))
  t.ok(readFileSync(join(dir, 'a.ndjson'), 'utf8') === expected)
  await run(all, toFile(join(dir, 'a.ndjson.gz')))
  t.ok(gunzipSync(readFileSync(join(dir, 'a.ndjson.gz'))).toString() === expected)
})

t.test('toFile: write() returns false when the buffer is full, and drain is emitted later', async t => {
  for (const name of ['a.ndjson', 'a.ndjson.gz']) {
    const path = join(t.testdir(), name)
    const sink = toFile(path, { highWaterMark: 2 })
    const record = { text: 'y'.repeat(150_000) }
    let written = 0
    for (let round = 0; round < 5; round += 1) {
      do {
        written += 1
      } while (sink.write(record))
      t.ok(sink.writableLength <= 2)
      await new Promise(resolve => sink.once('drain', resolve))
    }
    await new Promise(resolve => sink.end(() => sink.once('close', resolve)))
    t.equal(sink.counts.acknowledged, written)
  }
})

t.test('toFile: the new file keeps the permissions of the file that it replaces', async t => {
  const dir = t.testdir()
  for (const mode of [0o600, 0o640, 0o664]) {
    const path = join(dir, `${mode}.ndjson`)
    writeFileSync(path, 'old and longer than the new one\n', { mode })
    const before = statSync(path)
    await run([1], toFile(path))
    t.equal(readFileSync(path, 'utf8'), '1\n')
    t.equal(statSync(path).mode & 0o777, before.mode & 0o777)
    t.not(statSync(path).ino, before.ino, 'the old file is replaced, not overwritten')
  }
})

t.test('toFile: a symbolic link stays a link, and its target is replaced', async t => {
  const dir = t.testdir({
    real: { 'target.ndjson': 'old\n' },
    'link.ndjson': t.fixture('symlink', 'chain.ndjson'),
    'chain.ndjson': t.fixture('symlink', 'real/target.ndjson'),
    'dangling.ndjson': t.fixture('symlink', 'dangling2.ndjson'),
    'dangling2.ndjson': t.fixture('symlink', 'folder/new.ndjson'),
    folder: t.fixture('symlink', 'real'),
    'nowhere.ndjson': t.fixture('symlink', 'no/such/folder/file.ndjson'),
  })
  await run([1], toFile(join(dir, 'link.ndjson')))
  t.equal(readFileSync(join(dir, 'real/target.ndjson'), 'utf8'), '1\n')
  await run([2], toFile(join(dir, 'dangling.ndjson')))
  t.equal(readFileSync(join(dir, 'real/new.ndjson'), 'utf8'), '2\n')
  await t.rejects(run([3], toFile(join(dir, 'nowhere.ndjson'))), {
    code: 'SINK',
    message: /its directory does not exist/,
  })
  await run([4], toFile(join(dir, 'folder/through.ndjson')))
  t.strictSame(readdirSync(join(dir, 'real')), ['new.ndjson', 'target.ndjson', 'through.ndjson'])
  for (const link of ['link.ndjson', 'chain.ndjson', 'dangling.ndjson', 'dangling2.ndjson', 'folder']) {
    t.ok(lstatSync(join(dir, link)).isSymbolicLink(), link)
  }
})

t.test('toFile: of several plain pipelines to one path at once, one complete file remains', async t => {
  const dir = t.testdir()
  const path = join(dir, 'a.ndjson')
  const recordsOf = (who: string) =>
    Array.from({ length: 900 }, (_, n) => ({ who, n, text: 'x'.repeat(1_000) }))
  const whole = (who: string) =>
    recordsOf(who)
      .map(record => `${JSON.stringify(record)}\n`)
      .join('')
  await Promise.all(['one', 'two', 'three'].map(who => pipeline(recordsOf(who), toFile(path))))
  const winner = readFileSync(path, 'utf8')
  t.ok(['one', 'two', 'three'].some(who => winner === whole(who)))
  t.strictSame(readdirSync(dir), ['a.ndjson'])
})

t.test('toFile: no file stays open', async t => {
  const dir = t.testdir()
  await run(records, toFile(join(dir, 'warm-up.json.gz')))
  const before = openFiles()
  for (let n = 0; n < 10; n += 1) {
    await run(records, toFile(join(dir, `${n}.json.gz`)))
    await t.rejects(run([1n], toFile(join(dir, `${n}.ndjson`))))
  }
  t.equal(await leakedFiles(before), 0)
})

t.test('toFile: a name without a known ending, or a wrong option, is an OPTION error', async t => {
  const dir = t.testdir()
  const received = (name: string) =>
    `toFile(): path: expected a name that ends in .ndjson, .jsonl, .json (and .gz), received "${name}"; set format to 'ndjson' or 'json' for any other name`
  for (const [given, message] of [
    [['a.csv'], received('a.csv')],
    [['a'], received('a')],
    [['a.constructor'], received('a.constructor')],
    [['json'], received('json')],
    [['ndjson.gz'], received('ndjson.gz')],
    [['a.json/leads'], received('a.json/leads')],
    [['a.gz'], received('a.gz')],
    [[''], 'toFile(): path: expected the path of a file, received ""'],
    [[undefined], 'toFile(): path: expected the path of a file, received undefined'],
    [[7], 'toFile(): path: expected the path of a file, received 7'],
    [['a.json', { format: 'csv' }], "toFile(): format: expected one of ndjson, json, received 'csv'"],
    [['a.json', { compression: true }], 'toFile(): compression: expected "gzip" or "none", received true'],
    [
      ['a.json', { highWaterMark: 0 }],
      'toFile(): highWaterMark: expected an integer, 1 or more (records), received 0',
    ],
    [
      ['a.json', { gzip: true }],
      'toFile(): unknown option "gzip"; expected one of format, compression, highWaterMark',
    ],
  ]) {
    t.throws(() => (toFile as (...given: unknown[]) => unknown)(...(given as unknown[])), {
      code: 'OPTION',
      message,
    })
  }
  t.strictSame(readdirSync(dir), [])
  t.notOk(existsSync('a.json'))
})

t.test('toFile: a URL is an OPTION error, and a name with colons or a drive is a file', async t => {
  const only = 'of URLs, only those of http and https can be written to'
  for (const [path, remedy] of [
    ['https://a.example/o.ndjson', 'use toHttp() for a URL'],
    ['http:/a.example/o.ndjson', 'a URL begins with http:// or https://'],
    ['http:o.ndjson', 'a URL begins with http:// or https://'],
    ['file:///tmp/o.ndjson', 'give its path, without file://'],
    ['s3://bucket/o.ndjson', only],
    ['gs://bucket/o.ndjson', only],
    ['SFTP://host/o.ndjson', only],
  ] as const) {
    const message = `toFile(): path: expected the path of a file, received ${JSON.stringify(path)}; ${remedy}`
    t.throws(() => toFile(path), { code: 'OPTION', message })
    const quarantining = validate({ onInvalid: 'quarantine', quarantine: path })
    t.match(await failureOf(run([1], quarantining, toFile('no/such/o.ndjson'))), {
      code: 'OPTION',
      message: message
        .replace('toFile(): path', 'validate(): quarantine')
        .replace(/; (?!give its path).*/, "; it can't be a URL"),
    })
  }
  const dir = t.testdir()
  for (const name of ['a:b.ndjson', 'mailto:x.ndjson', 'C:\\o.ndjson', 'line\nbreak.ndjson', ' .ndjson']) {
    await run([1], toFile(join(dir, name)))
    t.equal(readFileSync(join(dir, name), 'utf8'), '1\n')
  }
  t.doesNotThrow(() => toFile('C:\\o.ndjson'))
})

t.test('toFile: an unknown word in braces is an OPTION error', async t => {
  const wrong = ['{Date}.ndjson', '{foo}-{date}.ndjson', 'a{DATETIME}.json', '{{now}}.ndjson.gz']
  for (const name of [
    ...wrong,
    '{date }.ndjson',
    '{ time}.ndjson',
    '{YYYY-MM-DD}.json',
    '{date:day}.ndjson',
  ]) {
    t.throws(() => toFile(name), {
      code: 'OPTION',
      message: `toFile(): path: expected {date} and {time} as the only words in braces, received ${JSON.stringify(name)}`,
    })
  }
  for (const name of ['{team}/a.ndjson', '{}.ndjson', '{1}.ndjson', '{date}.ndjson', '{{time}}.ndjson']) {
    t.doesNotThrow(() => toFile(name), name)
  }
})

t.test('toFile: the path of a directory is an OPTION error, also with a format', t => {
  for (const path of ['out/', './', 'o.ndjson/']) {
    const message = `toFile(): path: expected the path of a file, received "${path}"; add the name of the file`
    t.throws(() => toFile(path, { format: 'ndjson' }), { code: 'OPTION', message })
  }
  t.end()
})

t.test('toFile: the file is in the directory in which the process was when the sink was made', async t => {
  const dir = t.testdir({ elsewhere: {} })
  const before = process.cwd()
  t.teardown(() => process.chdir(before))
  process.chdir(dir)
  const [early, late] = [toFile('early.ndjson'), toFile('late.ndjson')]
  process.chdir('elsewhere')
  await run([1], early)
  process.chdir(dir)
  await run(
    [1],
    peek(() => process.chdir('elsewhere')),
    late,
  )
  t.strictSame(readdirSync(dir), ['early.ndjson', 'elsewhere', 'late.ndjson'])
  t.strictSame(readdirSync(join(dir, 'elsewhere')), [])
})

t.test('toFile: another hard link to the file that it replaces keeps the older contents', async t => {
  const dir = t.testdir({ 'a.ndjson': 'older' })
  linkSync(join(dir, 'a.ndjson'), join(dir, 'link.ndjson'))
  await run([1], toFile(join(dir, 'a.ndjson')))
  t.equal(readFileSync(join(dir, 'a.ndjson'), 'utf8'), '1\n')
  t.equal(readFileSync(join(dir, 'link.ndjson'), 'utf8'), 'older')
})

t.test('toFile: the name of a descriptor that is a file is an OPTION error, and the file stays', async t => {
  const dir = t.testdir({ precious: 'precious\n' })
  const precious = join(dir, 'precious')
  const descriptor = openSync(precious, 'a')
  t.teardown(() => closeSync(descriptor))
  symlinkSync(`/dev/fd/${descriptor}`, join(dir, 'link.ndjson'))
  const paths = [`/dev/fd/${descriptor}`, `/proc/self/fd/${descriptor}`, join(dir, 'link.ndjson')]
  for (const path of paths) {
    const received = `${JSON.stringify(path)}, which is ${precious} here`
    t.match(await failureOf(run([1], toFile(path, { format: 'ndjson' }))), {
      code: 'OPTION',
      message: `toFile(): path: expected the name of a file, received ${received}`,
    })
    t.match(await failureOf(pipeline([1], toFile(path, { format: 'ndjson' }))), { code: 'OPTION' })
    const quarantining = validate({ onInvalid: 'quarantine', quarantine: path })
    t.match(await failureOf(run([{ guid: 5 }], quarantining, toFile(join(dir, 'o.ndjson')))), {
      code: 'OPTION',
      message: `validate(): quarantine: expected the name of a file, received ${received}`,
    })
  }
  t.equal(readFileSync(precious, 'utf8'), 'precious\n')
  t.strictSame(readdirSync(dir), ['link.ndjson', 'precious'])
})

t.test('toFile: a directory that is removed meanwhile is a SINK error', async t => {
  const dir = t.testdir({ gone: {} })
  const path = join(dir, 'gone', 'a.ndjson')
  const removing = peek(() => rmSync(join(dir, 'gone'), { recursive: true, force: true }))
  const message = `can't write ${path}: its directory does not exist`
  t.match(await failureOf(run([1], removing, toFile(path))), { code: 'SINK', message })
})
