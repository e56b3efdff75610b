import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import t from 'tap'
import { Mark } from '../../lib/model/Mark.ts'
import { encode } from '../../lib/sinks/encode/encode.ts'
import type { HttpSink } from '../../lib/sinks/http/HttpSink.ts'
import type { HttpState } from '../../lib/sinks/http/httpState.ts'
import type { HttpOptions } from '../../lib/sinks/http/options.ts'
import { toArray } from '../../lib/sinks/toArray.ts'
import { toFile } from '../../lib/sinks/toFile.ts'
import { toHttp } from '../../lib/sinks/toHttp.ts'
import { failureOf } from '../support/failureOf.ts'
import { continuation, crash, endOf, mark, put, type Saved, writeMarked } from '../support/marked.ts'
import { numbered, numbersOf } from '../support/numbered.ts'
import { type Arrival, type Behaviour, receive } from '../support/receive.ts'

/** Records of changing sizes, so that batches are cut by their bytes, too. */
const records = numbered(40).map(({ n }) => ({ n, text: 'x'.repeat((n * 37) % 120) }))

async function continued(url: string, options: HttpOptions, given = continuation()): Promise<HttpSink> {
  const sink = toHttp(url, options)
  await sink.check()
  await sink.continueFrom(given)
  return sink
}

const inOrder = (arrivals: readonly Arrival[]) =>
  arrivals
    .toSorted((a, b) => (numbersOf(a.records)[0] ?? 0) - (numbersOf(b.records)[0] ?? 0))
    .map(({ key, text }) => ({ key, text }))

/** How many of the batches are before a state. */
const batchesOf = ({ state }: Saved) => (state as HttpState).counts.batches

const shapes: Record<string, HttpOptions> = {
  'batches cut by number and bytes': { batch: { records: 7, bytes: 500 } },
  'JSON arrays, compressed': { batch: { records: 7, bytes: 500 }, format: 'json', compression: 'gzip' },
  'one after the other': { batch: { records: 3 }, order: 'strict' },
  'one record a request': { format: 'single' },
  'all of them held': { batch: { records: 1_000 } },
}

for (const [what, options] of Object.entries(shapes)) {
  t.test(`${what}: from each mark, the same batches go out under the same keys`, async t => {
    const { origin, arrivals } = await receive(t)
    const plain = toHttp(origin, { ...options, runId: 'r' })
    await pipeline(records, plain)
    const expected = inOrder(arrivals.splice(0))

    const places = [0, 1, 5, 6, 7, 8, 20, 20, 39, 40]
    const first = await continued(origin, { ...options, runId: 'r' })
    const saved = await writeMarked(first, records, places)
    t.strictSame(inOrder(arrivals), expected.slice(0, arrivals.length), 'marks cut no batch')
    await crash(first)

    for (const one of saved) {
      arrivals.length = 0
      const state = one.state as HttpState
      t.equal(state.position + state.held.length, one.records)
      t.equal(state.counts.acknowledged, state.position)
      const given = continuation(one.state)
      const sink = await continued(origin, options, given)
      t.equal(sink.runId, 'r')
      t.strictSame(sink.counts, state.counts)
      await writeMarked(sink, records, places, one.records)
      await endOf(sink)
      t.strictSame(inOrder(arrivals), expected.slice(batchesOf(one)), `from record ${one.records}`)
      t.strictSame(sink.counts, plain.counts)
      t.strictSame(given.completed, [
        { runId: 'r', position: 40, held: [], counts: plain.counts, complete: true },
      ])
    }
  })
}

t.test('a mark waits until every batch that was started is settled', async t => {
  const waiting: (() => void)[] = []
  const { origin } = await receive(t, (_arrival, response) => {
    waiting.push(() => response.writeHead(204).end())
    if (waiting.length === 3) for (const answer of waiting) answer()
  })
  const sink = await continued(origin, { batch: { records: 2 } })
  const [saved] = await writeMarked(sink, numbered(7), [7])
  t.match(saved?.state, {
    position: 6,
    held: ['{"n":6}'],
    counts: { received: 7, acknowledged: 6, batches: 3 },
  })
  await crash(sink)
})

t.test('when a batch fails, nothing is durable: the mark gives no state', async t => {
  const { origin } = await receive(t, (_arrival, response) => void response.writeHead(400).end())
  const sink = await continued(origin, { batch: { records: 2 } })
  const failing = new Promise(resolve => sink.once('error', resolve))
  await put(sink, { n: 0 })
  await put(sink, { n: 1 })
  let states = 0
  sink.write(
    new Mark(undefined, async () => {
      states += 1
    }),
  )
  t.match(await failing, { code: 'SINK', context: { status: 400 } })
  await crash(sink)
  t.equal(states, 0)
})

t.test('batches that were too large are counted once', async t => {
  const { origin } = await receive(t, ({ records: { length } }, response) => {
    response.writeHead(length > 3 ? 413 : 204).end()
  })
  const plain = toHttp(origin, { batch: { records: 8 }, runId: 'r' })
  await pipeline(records, plain)
  const first = await continued(origin, { batch: { records: 8 }, runId: 'r' })
  const [saved] = await writeMarked(first, records, [20])
  await crash(first)
  const sink = await continued(origin, { batch: { records: 8 } }, continuation(saved?.state))
  await writeMarked(sink, records, [], 20)
  await endOf(sink)
  t.strictSame(sink.counts, plain.counts)
})

/** Refuses a batch with a number that divides by seven. */
const bySevens: Behaviour = ({ records }, response) => {
  response.writeHead(numbersOf(records).some(n => n % 7 === 0) ? 422 : 200).end()
}

const dir = t.testdir()
const setAside = (path: string) => {
  const text = readFileSync(path, 'utf8')
  const letters = path.endsWith('.json')
    ? JSON.parse(text)
    : text
        .trim()
        .split('\n')
        .map(line => JSON.parse(line))
  return letters.map((letter: { record: { n: number } }) => letter.record.n)
}
const expectedAside = [0, 1, 6, 7, 14, 15, 20, 21, 28, 29, 34, 35]

for (const name of ['refused.ndjson', 'refused.json']) {
  t.test(`dead letters in ${name} are neither lost nor doubled`, async t => {
    const { origin } = await receive(t, bySevens)
    const places = [0, 1, 2, 9, 16, 40]
    for (const index of places.keys()) {
      const path = join(mkdtempSync(join(dir, 'case-')), name)
      const options = () => ({
        batch: { records: 2 },
        order: 'strict' as const,
        onRefused: 'dead-letter' as const,
        deadLetter: toFile(path),
      })
      const first = await continued(origin, options())
      const saved = await writeMarked(first, records, places.slice(0, index + 1))
      await crash(first)
      const given = continuation(saved.at(-1)?.state)
      const sink = await continued(origin, options(), given)
      await writeMarked(sink, records, places, saved.at(-1)?.records)
      await endOf(sink)
      t.strictSame(setAside(path), expectedAside, `from record ${places[index]}`)
      t.match(sink.counts, { received: 40, acknowledged: 40, refused: 12 })

      const { ino } = statSync(path)
      const after = continuation(given.completed[0])
      const again = await continued(origin, options(), after)
      await endOf(again)
      t.strictSame(after.completed, [])
      t.equal(statSync(path).ino, ino, 'complete, and the dead letters in their place: nothing is left')
    }
  })

  t.test(`complete, but crashed before ${name} was ended: that is done`, async t => {
    const { origin, arrivals } = await receive(t, bySevens)
    const path = join(mkdtempSync(join(dir, 'case-')), name)
    const options = () => ({
      batch: { records: 2 },
      order: 'strict' as const,
      onRefused: 'dead-letter' as const,
      deadLetter: toFile(path),
    })
    const given = continuation()
    const first = await continued(origin, options(), {
      ...given,
      complete: async state => {
        await given.complete(state)
        first.destroy()
      },
    })
    first.on('error', () => {})
    await writeMarked(first, records, [3])
    first.end()
    await new Promise<void>(resolve => first.once('close', resolve))
    arrivals.length = 0

    const sink = await continued(origin, options(), continuation(given.completed[0]))
    await endOf(sink)
    t.strictSame(setAside(path), expectedAside)
    t.equal(arrivals.length, 0)
    t.match(sink.counts, { received: 40, acknowledged: 40 })

    const late = await continued(origin, options(), continuation(given.completed[0]))
    t.match(await failureOf(pipeline([{ n: 1 }], late)), {
      code: 'CHECKPOINT',
      message: /got everything already/,
    })
    t.equal(arrivals.length, 0)
  })
}

t.test('when the checkpoint is not saved, the sink fails with why', async t => {
  const { origin } = await receive(t)
  const lost = new Error('no room for the checkpoint')
  const sink = await continued(origin, {}, { ...continuation(), complete: () => Promise.reject(lost) })
  t.equal(await failureOf(pipeline(records, sink)), lost)
})

t.test('a mark without a checkpoint: CHECKPOINT', async t => {
  const { origin } = await receive(t)
  const sink = toHttp(`${origin}/in`)
  sink.on('error', () => {})
  t.match(await failureOf(mark(sink)), {
    code: 'CHECKPOINT',
    message: `${origin}/in: a mark came without a checkpoint`,
  })
})

t.test('its identity is what decides about batches, keys and places; no secrets', async t => {
  const path = join(dir, 'refused.ndjson')
  const options: HttpOptions = {
    headers: { authorization: 'Bearer secret' },
    batch: { records: 9 },
    onRefused: 'dead-letter',
    deadLetter: toFile(path),
  }
  t.strictSame(toHttp('http://example.test/in?token=secret', options).identity, {
    sink: 'http',
    url: 'http://example.test/in',
    urlQuery: createHash('sha256').update('?token=secret').digest('hex'),
    method: 'POST',
    format: 'ndjson',
    batch: { records: 9, bytes: 1_048_576 },
    compression: 'none',
    onRefused: 'dead-letter',
    deadLetter: { sink: 'file', path, format: 'ndjson', compression: 'none' },
  })
})

t.test('a URL without a query has none in its identity, whatever it ends in', async t => {
  for (const end of ['', '?']) t.notOk('urlQuery' in toHttp(`http://example.test/in${end}`).identity)
})

const url = 'http://example.test/in'
const refusedOptions: Record<string, { options: HttpOptions; message: RegExp }> = {
  'batches cut by time': {
    options: { batch: { milliseconds: 5 } },
    message:
      /batch\.milliseconds: batches cut by time differ after a restart; leave it out with a checkpoint$/,
  },
  'dead letters in memory': {
    options: { onRefused: 'dead-letter', deadLetter: toArray({ max: 1 }) },
    message:
      /deadLetter: with a checkpoint, expected a sink that can be continued, such as toFile\("refused\.ndjson"\)$/,
  },
  'dead letters to a stream': {
    options: { onRefused: 'dead-letter', deadLetter: encode() },
    message: /deadLetter: with a checkpoint, expected a sink/,
  },
  'dead letters that somebody else ends': {
    options: { onRefused: 'dead-letter', deadLetter: toFile(join(dir, 'x.ndjson')), endDeadLetter: 'never' },
    message: /endDeadLetter: with a checkpoint, expected "with-sink", received "never"$/,
  },
}
for (const [what, { options, message }] of Object.entries(refusedOptions)) {
  t.test(`${what} can't be continued: OPTION`, async t => {
    t.match(await failureOf(continued(url, options)), { code: 'OPTION', message })
  })
}

t.test('a state that is none, or of another run: CHECKPOINT', async t => {
  const counts = {
    received: 1,
    acknowledged: 0,
    bytes: 0,
    batches: 0,
    splits: 0,
    refused: 0,
    requests: 0,
    retries: 0,
  }
  const state = { runId: 'r', position: 0, held: ['{}'], counts }
  const message = `${url}: what the checkpoint says of it can't be read`
  const unreadable = [
    null,
    [],
    {},
    { ...state, position: -1 },
    { ...state, held: [{}] },
    { ...state, held: ['{'] },
    { ...state, counts: { received: 1 } },
    { ...state, complete: false },
    { ...state, deadLetter: {} },
  ]
  for (const given of unreadable) {
    t.match(await failureOf(continued(url, {}, continuation(given))), { code: 'CHECKPOINT', message })
  }
  const deadLetter = toFile(join(dir, 'y.ndjson'))
  t.match(await failureOf(continued(url, { onRefused: 'dead-letter', deadLetter }, continuation(state))), {
    message,
  })
  t.match(await failureOf(continued(url, { runId: 's' }, continuation(state))), {
    code: 'CHECKPOINT',
    message: `${url}: the checkpoint is of the run r, not of s`,
  })
})

t.test('dead letters that are not what the state says: CHECKPOINT', async t => {
  const { origin } = await receive(t, bySevens)
  const path = join(mkdtempSync(join(dir, 'case-')), 'refused.ndjson')
  const options = () => ({
    onRefused: 'dead-letter' as const,
    deadLetter: toFile(path),
    batch: { records: 2 },
  })
  const first = await continued(origin, options())
  const [saved] = await writeMarked(first, records, [9])
  await crash(first)
  const other = { ...(saved as Saved & { state: object }).state, deadLetter: { path } }
  t.match(await failureOf(continued(origin, options(), continuation(other))), { code: 'CHECKPOINT' })
})
