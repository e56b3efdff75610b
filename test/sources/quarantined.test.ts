import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { leadsRules } from '../../lib/sources/options.ts'
import { quarantined } from '../../lib/sources/quarantined.ts'
import { eventually } from '../support/eventually.ts'
import { failureOf } from '../support/failureOf.ts'
import { leakedFiles, openFiles } from '../support/openFiles.ts'
import { turns } from '../support/turns.ts'
import { withRejected } from '../support/withRejected.ts'

const record = (guid: string) => JSON.stringify({ raw: JSON.stringify({ guid }), code: 'INVALID_LEAD' })
const records = (count: number) => Array.from({ length: count }, (_, n) => `${record(`${n}`)}\n`).join('')

function file(t: Test, name: string, content: string | Buffer): string {
  const path = join(t.testdir(), name)
  writeFileSync(path, content)
  return path
}

async function guidsOf(source: AsyncIterable<{ guid?: unknown }>) {
  const guids: unknown[] = []
  for await (const { guid } of source) guids.push(guid)
  return guids
}

t.test('quarantined: a gzip file that is cut anywhere is SOURCE with its path', async t => {
  const packed = gzipSync(Buffer.from(records(2_000)))
  const folder = t.testdir()
  const path = join(folder, 'rejected.ndjson.gz')
  for (const length of [1, 9, 10, 11, 200, packed.length - 9, packed.length - 1]) {
    writeFileSync(path, packed.subarray(0, length))
    const error = await failureOf(guidsOf(quarantined(path)))
    t.match(error, {
      code: 'SOURCE',
      message: `can't read ${path}: its gzip data ends early`,
      context: { path },
    })
  }
  writeFileSync(path, packed)
  t.equal((await guidsOf(quarantined(path))).length, 2_000)
})

t.test('quarantined: a file named .gz that is not gzip is SOURCE', async t => {
  const path = file(t, 'rejected.ndjson.gz', records(1))
  t.match(await failureOf(guidsOf(quarantined(path))), {
    code: 'SOURCE',
    message: `can't read ${path}: its name ends in .gz, and it is not valid gzip data`,
  })
})

t.test('quarantined: a folder is SOURCE', async t => {
  t.match(await failureOf(guidsOf(quarantined(t.testdir()))), {
    code: 'SOURCE',
    message: /: it is a directory$/,
  })
})

/** A FIFO, and a function that opens it for writing. */
function fifo(t: Test) {
  const path = join(t.testdir(), 'fifo')
  execFileSync('mkfifo', [path])
  const open = () => openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  return { path, open }
}

t.test('quarantined: a FIFO is read like a file', async t => {
  const { path, open } = fifo(t)
  const before = openFiles()
  const reading = guidsOf(quarantined(path))
  // Bytes in a FIFO without a reader are lost when its writer closes it.
  await eventually(() => openFiles() > before, true)
  const writing = open()
  writeSync(writing, records(3))
  await turns(20)
  writeSync(writing, records(2))
  closeSync(writing)
  t.strictSame(await reading, ['0', '1', '2', '0', '1'])
})

t.test('quarantined: destroyed while a FIFO has no writer, or a silent one, it closes', async t => {
  for (const name of ['no writer', 'a silent writer', 'a line, then silence']) {
    for (const passed of [0, 1, 50]) {
      const before = openFiles()
      const { path, open } = fifo(t)
      const writing = name === 'no writer' ? undefined : open()
      const source = quarantined(path)
      source.read(0)
      if (name === 'a line, then silence') {
        writeSync(writing as number, records(1))
        await once(source, 'readable')
      }
      await turns(passed)
      source.destroy()
      if (!source.closed) await once(source, 'close')
      if (writing !== undefined) closeSync(writing)
      t.equal(await leakedFiles(before), 0, `${name}, ${passed} turns`)
    }
  }
})

t.test('quarantined: destroyed at any time, it leaves no file open', async t => {
  for (const name of ['rejected.ndjson', 'rejected.ndjson.gz']) {
    const text = records(5_000)
    const path = file(t, name, name.endsWith('gz') ? gzipSync(text) : text)
    const before = openFiles()
    for (let moment = 0; moment < 30; moment += 1) {
      const source = quarantined(path)
      source.resume()
      await turns(moment)
      source.destroy()
      if (!source.closed) await once(source, 'close')
      t.equal(await leakedFiles(before), 0, `${name}, ${moment} turns`)
    }
  }
})

t.test('quarantined: an endless line is SOURCE, and is not held in memory', async t => {
  const maxLeadBytes = 1_000
  // JSON escapes take up to six bytes per byte; the rest of a record may have 1 MiB.
  const most = 6 * maxLeadBytes + 1024 * 1024
  const message = `line 2 is longer than ${most} bytes, which a record of a lead of maxLeadBytes (1000) may have`
  for (const [name, pack] of [
    ['rejected.ndjson', (text: Buffer) => text],
    ['rejected.ndjson.gz', gzipSync],
  ] as const) {
    const path = file(t, name, pack(Buffer.concat([Buffer.from(records(1)), Buffer.alloc(8 * most)])))
    const source = quarantined(path, { maxLeadBytes })
    t.match(await failureOf(guidsOf(source)), {
      code: 'SOURCE',
      message: `can't read ${path}: ${message}`,
      context: { path, line: 2 },
    })
  }
})

t.test('quarantined: a lead of maxLeadBytes is read, whatever its characters', async t => {
  const maxLeadBytes = 100_000
  for (const character of ['\u0001', '"', '\\', 'é', '\u2028', '😀', ' ']) {
    const raw = character.repeat(maxLeadBytes / Buffer.byteLength(character))
    const path = file(t, 'rejected.ndjson', JSON.stringify({ raw, code: 'DECODE' }))
    const source = withRejected(quarantined(path, { maxLeadBytes }))
    t.match(await source.toArray(), [{ problem: 'malformed', raw }])
  }
})

t.test('quarantined: maxLeadBytes is the same as in leads(), and other options are refused', async t => {
  const path = file(t, 'rejected.ndjson', records(1))
  t.strictSame(
    await guidsOf(quarantined(path, { maxLeadBytes: leadsRules.options.maxLeadBytes?.default as number })),
    ['0'],
  )
  t.throws(() => quarantined(path, { maxLeadBytes: 0 }), {
    code: 'OPTION',
    message: /^quarantined\(\): maxLeadBytes: expected an integer from 1 to 536870888/,
  })
  t.throws(() => quarantined(path, { limit: 1 } as object), {
    code: 'OPTION',
    message: /unknown option "limit"/,
  })
})

t.test('quarantined: empty lines are skipped, with line ends of Windows, too', async t => {
  for (const end of ['\n', '\r\n']) {
    const lines = ['', record('a'), '', '', record('b'), record('é'), '']
    for (const last of ['', end]) {
      const path = file(t, 'rejected.ndjson', lines.join(end) + last)
      t.strictSame(await guidsOf(quarantined(path)), ['a', 'b', 'é'])
    }
  }
  const path = file(t, 'rejected.ndjson', `\r\n${record('a')}\r\n\r\n{}\r\n`)
  t.match(await failureOf(guidsOf(quarantined(path))), { code: 'SOURCE', message: /line 4: expected/ })
})
