import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import fc from 'fast-check'
import t from 'tap'
import { encode } from '../../../lib/operators/encode.ts'
import type { HttpRun } from '../../../lib/sinks/http/HttpRun.ts'
import type { HttpState } from '../../../lib/sinks/http/httpState.ts'
import type { HttpOptions } from '../../../lib/sinks/http/options.ts'
import { toArray } from '../../../lib/sinks/toArray.ts'
import { toFile } from '../../../lib/sinks/toFile.ts'
import { toHttp } from '../../../lib/sinks/toHttp.ts'
import type { SinkOpening } from '../../../lib/stage/SinkStage.ts'
import { sinkStage } from '../../../lib/streams/attachSink.ts'
import { eventually } from '../../support/eventually.ts'
import { failureOf } from '../../support/failureOf.ts'
import { jsonCopy } from '../../support/jsonCopy.ts'
import { numbered, numbersOf } from '../../support/numbered.ts'
import { type Arrival, accept, type Behaviour, receive } from '../../support/receive.ts'
import { finish, openResumable, type Saved, writeAll } from '../../support/sinkRuns.ts'
import { turns } from '../../support/turns.ts'

/*
 * An HTTP receiver as a stage that can be resumed, used as `run` uses it, without a run.
 */

/** Records of different sizes, so that batches are also cut by their bytes. */
const records = numbered(40).map(({ n }) => ({ n, text: 'x'.repeat((n * 37) % 120) }))

/** Opens a new run of the sink, or one that resumes from a state. */
async function open(
  url: string,
  options: HttpOptions,
  state?: unknown,
  opening: Partial<SinkOpening> = {},
): Promise<HttpRun<unknown>> {
  const stage = sinkStage(toHttp(url, options))
  // A batch that a crash interrupts fails as well; other failures reject flush and prepare.
  const fail = () => {}
  return (await openResumable(stage, {
    fail,
    ...opening,
    ...(state === undefined ? {} : { state }),
  })) as HttpRun<unknown>
}

const inOrder = (arrivals: readonly Arrival[]) =>
  arrivals
    .toSorted((a, b) => (numbersOf(a.records)[0] ?? 0) - (numbersOf(b.records)[0] ?? 0))
    .map(({ key, text }) => ({ key, text }))

/** How many batches were sent before a state. */
const batchesOf = ({ state }: Saved) => (state as HttpState).counts.batches

const shapes: Record<string, HttpOptions> = {
  'batches cut by number and bytes': { batch: { records: 7, bytes: 500 } },
  'JSON arrays, compressed': { batch: { records: 7, bytes: 500 }, format: 'json', compression: 'gzip' },
  'one batch at a time': { batch: { records: 3 }, order: 'strict' },
  'one record per request': { format: 'single' },
  'all records held': { batch: { records: 1_000 } },
}

for (const [what, options] of Object.entries(shapes)) {
  t.test(
    `toHttp: ${what}: resumed from any flushed state, the same batches are sent under the same keys`,
    async t => {
      const { origin, arrivals } = await receive(t)
      const plain = toHttp(origin, { ...options, runId: 'r' })
      await pipeline(records, plain)
      const expected = inOrder(arrivals.splice(0))

      const places = [0, 1, 5, 6, 7, 8, 20, 20, 39, 40]
      const first = await open(origin, { ...options, runId: 'r' })
      const saved = await writeAll(first, records, places)
      t.strictSame(inOrder(arrivals), expected.slice(0, arrivals.length), 'a flush does not cut a batch')
      await first.end('leave')

      for (const one of saved) {
        arrivals.length = 0
        const state = one.state as HttpState
        t.equal(state.position + state.held.length, one.records)
        t.equal(state.counts.acknowledged, state.position)
        const run = await open(origin, options, one.state)
        t.equal(run.runId, 'r')
        t.strictSame(run.counts(), state.counts)
        await writeAll(run, records, places, one.records)
        const end = await finish(run)
        t.strictSame(inOrder(arrivals), expected.slice(batchesOf(one)), `from record ${one.records}`)
        t.strictSame(run.counts(), plain.counts)
        t.strictSame(end, { runId: 'r', position: 40, held: [], counts: plain.counts, complete: true })
      }
    },
  )
}

t.test(
  'toHttp: a flush waits until every batch in flight is acknowledged, and a write waits for the flush',
  async t => {
    const waiting: (() => void)[] = []
    const receiving = await receive(t, (arrival, response) => {
      waiting.push(() => accept(arrival, response))
      if (receiving.arrivals.length >= 3) for (const answer of waiting.splice(0)) answer()
    })
    const run = await open(receiving.origin, { batch: { records: 2 } })
    await writeAll(run, numbered(7))
    const flushing = run.flush()
    const room = run.write({ n: 7 })
    t.type(room, Promise, 'a write waits for the flush')
    t.equal(run.counts().received, 7)
    t.match(await flushing, {
      position: 6,
      held: ['{"n":6}'],
      counts: { received: 7, acknowledged: 6, batches: 3 },
    })
    await room
    t.equal(run.counts().received, 8)
    await run.end('leave')
  },
)

/** What is done with a sink: 'write' writes the next record; a 'flush' is awaited before the next flush only. */
const steps = fc.array(
  fc.oneof<fc.MaybeWeightedArbitrary<'write' | 'flush' | { turns: number }>[]>(
    { weight: 6, arbitrary: fc.constant('write') },
    { weight: 2, arbitrary: fc.constant('flush') },
    { weight: 2, arbitrary: fc.record({ turns: fc.nat(20) }) },
  ),
  { maxLength: 40 },
)

t.test(
  'toHttp: with write, flush and crash in any order, each flushed state can be resumed: batches and keys',
  async t => {
    let seen = 0
    const receiving = await receive(t, (arrival, response) => {
      seen += 1
      void turns(seen % 7).then(() => accept(arrival, response))
    })
    const scenario = fc.record({
      crashes: fc.array(fc.record({ steps, pick: fc.nat(9) }), { maxLength: 3 }),
      last: steps,
      batch: fc.record({
        records: fc.integer({ min: 1, max: 9 }),
        bytes: fc.constantFrom(100, 500, 100_000),
      }),
      concurrency: fc.integer({ min: 1, max: 4 }),
    })
    let resumed = 0
    const property = fc.asyncProperty(scenario, async ({ crashes, last, batch, concurrency }) => {
      const options: HttpOptions = { batch, concurrency, runId: 'r' }
      const plain = toHttp(receiving.origin, options)
      receiving.arrivals.length = 0
      await pipeline(records, plain)
      const expected = inOrder(receiving.arrivals.splice(0))

      let from: Saved = { state: undefined, records: 0 }
      const follow = async (done: typeof last) => {
        const run = await open(receiving.origin, options, from.state)
        const saved: Saved[] = []
        let written = from.records
        let room: Promise<void> | undefined
        let flushing: Promise<unknown> | undefined
        for (const step of done) {
          if (step === 'write') {
            await room
            if (written < records.length) room = run.write(records[written++]) as Promise<void> | undefined
          } else if (step === 'flush') {
            await room
            await flushing
            const count = written
            flushing = run.flush().then(state => {
              saved.push({ state: jsonCopy(state), records: count })
              const { position, held, counts } = state
              assert.equal(position + held.length, count, 'a state is as of the call of flush()')
              assert.equal(counts.received, count)
              assert.equal(counts.acknowledged, position, 'records that are not held are acknowledged')
              const acknowledged = new Set(receiving.arrivals.map(({ key }) => key))
              for (const { key } of expected.slice(0, counts.batches)) assert.ok(acknowledged.has(key))
            })
            // A flush that a crash interrupts has no state.
            flushing.catch(() => {})
          } else await turns(step.turns)
        }
        return { run, saved, written, flushing, room }
      }

      for (const { steps, pick } of crashes) {
        const { run, saved } = await follow(steps)
        await run.end('leave')
        from = saved[pick % Math.max(1, saved.length)] ?? from
      }
      if (from.records > 0) resumed += 1
      const { run, written, flushing, room } = await follow(last)
      await room
      await writeAll(run, records, [], written)
      await flushing
      const { counts, complete } = (await finish(run)) as HttpState
      assert.deepEqual(counts, plain.counts)
      assert.equal(complete, true)
      const received = new Map(receiving.arrivals.map(({ key, text }) => [key, text]))
      assert.deepEqual(
        received,
        new Map(expected.map(({ key, text }) => [key, text])),
        'the same batches, and no others',
      )
    })
    await t.resolves(fc.assert(property, { numRuns: 40 }))
    t.ok(resumed > 4, `${resumed} runs were resumed in the middle`)
  },
)

for (const [what, fails] of Object.entries<Behaviour>({
  'that was refused': (_arrival, response) => void response.writeHead(400).end(),
  'that could not be sent': (_arrival, response) => void response.socket?.destroy(),
})) {
  t.test(`toHttp: a batch ${what} rejects the flush that waits for it`, async t => {
    const answers: (() => void)[] = []
    const { origin } = await receive(t, (arrival, response) => {
      answers.push(() => fails(arrival, response))
    })
    const failures: unknown[] = []
    const options = { batch: { records: 2 }, retry: { retries: 0 } }
    const run = await open(origin, options, undefined, { fail: error => failures.push(error) })
    await writeAll(run, numbered(3))
    const failing = failureOf(run.flush())
    await eventually(() => answers.length, 1)
    answers[0]?.()
    const failure = await failing
    t.match(failure, { code: 'SINK', context: { acknowledged: 0, unacknowledged: 3 } })
    t.equal(failures.length, 1)
    t.match(failures, [{ code: 'SINK' }])
    t.match(await failureOf(run.flush()), { code: 'SINK' }, 'a later flush fails as well')
    t.match(await failureOf(run.prepare()), { code: 'SINK' }, 'prepare fails as well')
    t.equal(answers.length, 1, 'no further batch is sent after the failure')
    await run.end('leave')
  })
}

t.test('toHttp: a batch that failed before a flush rejects the flush', async t => {
  const { origin } = await receive(t, (_arrival, response) => void response.writeHead(400).end())
  const failing: { fail?: (error: unknown) => void } = {}
  const failed = new Promise(resolve => {
    failing.fail = resolve
  })
  const run = await open(origin, { batch: { records: 2 } }, undefined, failing)
  await writeAll(run, numbered(2))
  t.match(await failed, { code: 'SINK', context: { status: 400 } })
  t.match(await failureOf(run.flush()), { code: 'SINK', context: { status: 400 } })
  await run.end('leave')
})

t.test('toHttp: batches that were too large are counted once over a restart', async t => {
  const { origin } = await receive(t, ({ records: { length } }, response) => {
    response.writeHead(length > 3 ? 413 : 204).end()
  })
  const plain = toHttp(origin, { batch: { records: 8 }, runId: 'r' })
  await pipeline(records, plain)
  const first = await open(origin, { batch: { records: 8 }, runId: 'r' })
  const [saved] = await writeAll(first, records, [20])
  await first.end('leave')
  const run = await open(origin, { batch: { records: 8 } }, saved?.state)
  await writeAll(run, records, [], 20)
  await finish(run)
  t.strictSame(run.counts(), plain.counts)
})

const dir = t.testdir()

t.test(
  'toHttp: the fingerprint has all that determines batches, keys and dead letters, and no secrets',
  async t => {
    const path = join(dir, 'refused.ndjson')
    const options: HttpOptions = {
      headers: { authorization: 'Bearer secret' },
      batch: { records: 9 },
      onRefused: 'dead-letter',
      deadLetter: toFile(path),
    }
    t.strictSame(sinkStage(toHttp('http://example.test/in?token=secret', options)).fingerprint, {
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
  },
)

t.test('toHttp: a URL without a query has no urlQuery in its fingerprint', async t => {
  for (const end of ['', '?']) {
    t.notOk('urlQuery' in Object(sinkStage(toHttp(`http://example.test/in${end}`)).fingerprint))
  }
})

const url = 'http://example.test/in'
const wrongOptions: Record<string, { options: HttpOptions; message: RegExp }> = {
  'a batch that is cut by time': {
    options: { batch: { milliseconds: 5 } },
    message:
      /^toHttp\(\): batch\.milliseconds: expected none \(batches cut by time differ after a restart\) in a run with a checkpoint, received 5$/,
  },
  'a deadLetter in memory': {
    options: { onRefused: 'dead-letter', deadLetter: toArray({ max: 1 }) },
    message:
      /^toHttp\(\): deadLetter: expected a sink that can be resumed, such as toFile\("refused\.ndjson"\), in a run with a checkpoint, received a stream \(ArraySink\)$/,
  },
  'a deadLetter that is a stream': {
    options: { onRefused: 'dead-letter', deadLetter: encode() },
    message: /deadLetter: expected a sink that can be resumed, .*, received the operator encode$/,
  },
  'a deadLetter that is not ended': {
    options: { onRefused: 'dead-letter', deadLetter: toFile(join(dir, 'x.ndjson')), endDeadLetter: 'never' },
    message: /endDeadLetter: expected "with-sink" in a run with a checkpoint, received 'never'$/,
  },
}
for (const [what, { options, message }] of Object.entries(wrongOptions)) {
  t.test(`toHttp: ${what} with a checkpoint is an OPTION error`, async t => {
    t.match(await failureOf(open(url, options)), { code: 'OPTION', message })
  })
}

t.test('toHttp: a state that cannot be read, or is of another run, is a CHECKPOINT error', async t => {
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
  const message = `${url}: the checkpoint holds no valid state of this receiver; delete the checkpoint to start again`
  const unreadable = [
    null,
    [],
    {},
    { ...state, position: -1 },
    { ...state, held: [{}] },
    { ...state, held: ['{'] },
    { ...state, counts: { received: 1 } },
    { ...state, complete: false },
  ]
  for (const given of unreadable) {
    t.match(await failureOf(open(url, {}, given)), { code: 'CHECKPOINT', message })
  }
  t.match(await failureOf(open(url, { runId: 's' }, state)), {
    code: 'CHECKPOINT',
    message: `${url}: the checkpoint has the runId r, and the run has s; delete the checkpoint to start again`,
  })
})
