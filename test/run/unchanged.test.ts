import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { gunzipSync } from 'node:zlib'
import { Ajv } from 'ajv'
import t, { type Test } from 'tap'
import {
  encode,
  filter,
  type Lead,
  leads,
  map,
  type Operator,
  peek,
  run,
  take,
  toArray,
  toFile,
  transform,
  validate,
} from '../../lib/index.ts'
import { listServer } from '../support/ListServer.ts'
import { listen } from '../support/listen.ts'
import { openClient } from '../support/openClient.ts'

/** Texts that JSON.stringify would write differently, of about 8 kB: each body arrives in several chunks. */
const texts = Array.from(
  { length: 40 },
  (_, n) =>
    `{ "guid":"g${String(n).padStart(3, '0')}", "insertedAt": ${n + 1}, "email":"\\u00e9@example.com", "message": "${'é😀'.repeat(1_300)}" }`,
)
const stringified = texts.map(text => JSON.stringify(JSON.parse(text)))

/** A function that makes a source of these leads. */
async function serve(t: Test, list: readonly string[] = texts) {
  const listed = list.map(text => {
    const { guid, insertedAt } = JSON.parse(text) as { guid: string; insertedAt: number }
    return { text, guid, time: insertedAt }
  })
  const { origin } = await listen(t, listServer(listed, { startTime: 'inclusive', stopTime: 'exclusive' }, 7))
  return () => leads(openClient(t, origin), { stopTime: 1_000 })
}

const sourceOf = async (t: Test, list?: readonly string[]) => (await serve(t, list))()

const pass = () => new PassThrough({ objectMode: true })
const keeping: Record<string, Operator<Lead, Lead>[]> = {
  'no operator': [],
  'validate()': [validate()],
  'validate() and take()': [validate(), take(1_000)],
  'filter() with pure': [filter(({ guid }: Lead) => guid !== undefined, { pure: true })],
  'an asynchronous filter() with pure': [
    filter(async (lead: Lead) => lead.guid !== undefined, { pure: true }),
  ],
}
for (const [name, operators] of Object.entries(keeping)) {
  t.test(`run: after ${name}, a file has the very bytes of the leads`, async t => {
    const path = join(t.testdir(), 'leads.ndjson')
    const { sink } = await runAll(await sourceOf(t), operators, toFile(path))
    t.equal(readFileSync(path, 'utf8'), `${texts.join('\n')}\n`)
    t.match(sink, { received: 40, acknowledged: 40, unchanged: 40 })
  })
}

const changing: Record<string, Operator<Lead, Lead>[]> = {
  'map()': [map((lead: Lead) => lead)],
  'peek(), which may change what it sees': [peek(() => {})],
  'filter() without pure': [validate(), filter(() => true)],
  "a user's stream": [transform<Lead, Lead>(pass)],
  "validate() with a user's Ajv, which may convert values": [validate({ ajv: new Ajv({ strict: false }) })],
}
for (const [name, operators] of Object.entries(changing)) {
  t.test(`run: after ${name}, a file has the leads as JSON.stringify writes them`, async t => {
    const path = join(t.testdir(), 'leads.ndjson')
    const { sink } = await runAll(await sourceOf(t), [...operators, take(1_000)], toFile(path))
    t.equal(readFileSync(path, 'utf8'), `${stringified.join('\n')}\n`)
    t.equal(sink.unchanged, 0)
  })
}

t.test('run: a JSON file and a compressed file have the very bytes of the leads', async t => {
  const dir = t.testdir()
  await run(await sourceOf(t), toFile(join(dir, 'leads.json')))
  await run(await sourceOf(t), toFile(join(dir, 'leads.ndjson.gz')))
  t.equal(readFileSync(join(dir, 'leads.json'), 'utf8'), `[\n${texts.join(',\n')}\n]\n`)
  t.equal(gunzipSync(readFileSync(join(dir, 'leads.ndjson.gz'))).toString(), `${texts.join('\n')}\n`)
})

t.test('run: encode() makes the very bytes of the leads, and counts them', async t => {
  const output = pass()
  const [bytes, { operators }] = await Promise.all([
    text(output),
    run(await sourceOf(t), validate(), encode(), output),
  ])
  t.equal(bytes, `${texts.join('\n')}\n`)
  t.match(operators[1], { name: 'encode', own: { records: 40, unchanged: 40 } })
})

t.test('run: leads that are not on one line are stringified, and those between them are not', async t => {
  const mixed = texts.map((text, n) => (n % 3 === 0 ? text.replace(', ', ',\n') : text))
  const path = join(t.testdir(), 'leads.ndjson')
  const { sink } = await run(await sourceOf(t, mixed), toFile(path))
  const expected = texts.map((text, n) => (n % 3 === 0 ? stringified[n] : text))
  t.equal(readFileSync(path, 'utf8'), `${expected.join('\n')}\n`)
  t.equal(sink.unchanged, 26)
})

t.test('run: a lead whose key is repeated is written with the value that was checked', async t => {
  const path = join(t.testdir(), 'leads.ndjson')
  const repeated = '{"guid":5,"insertedAt":1,"guid":"g000"}'
  await run(await sourceOf(t, [repeated]), validate(), toFile(path))
  t.equal(readFileSync(path, 'utf8'), '{"guid":"g000","insertedAt":1}\n')
})

t.test('run: stopped after every lead and resumed, a file has the very bytes of the leads', async t => {
  const dir = t.testdir()
  const path = join(dir, 'leads.ndjson')
  const checkpoint = join(dir, 'checkpoint.json')
  const open = await serve(t)
  for (let starts = 1; starts <= 41; starts += 1) {
    const abort = new AbortController()
    let seen = 0
    const stop = filter(
      () => {
        seen += 1
        if (seen === 1 && starts < 41) abort.abort()
        return true
      },
      { pure: true },
    )
    const running = run(open(), stop, toFile(path), { checkpoint, signal: abort.signal })
    if (starts < 41) await t.rejects(running, { name: 'AbortError' })
    else t.match(await running, { sink: { unchanged: 40, acknowledged: 40 }, checkpoint: { starts: 41 } })
  }
  t.equal(readFileSync(path, 'utf8'), `${texts.join('\n')}\n`)
})

t.test('run: a sink that does not write text gets leads without their bytes', async t => {
  const sink = toArray<Lead>({ max: 40 })
  await run(await sourceOf(t), sink)
  t.strictSame(
    sink.records.map(lead => JSON.stringify(lead)),
    stringified,
  )
})

t.test('pipeline: without run(), a file has the leads as JSON.stringify writes them', async t => {
  const path = join(t.testdir(), 'leads.ndjson')
  await pipeline(await sourceOf(t), validate(), toFile(path))
  t.equal(readFileSync(path, 'utf8'), `${stringified.join('\n')}\n`)
})

function runAll(
  ...[source, operators, sink]: [ReturnType<typeof leads>, Operator<Lead, Lead>[], ReturnType<typeof toFile>]
) {
  const anyRun = run as (...stages: unknown[]) => ReturnType<typeof run>
  return anyRun(source, ...operators, sink)
}
