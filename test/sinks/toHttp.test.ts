import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import type { LeadpipeError } from '../../lib/errors.ts'
import { withClock } from '../../lib/http/Clock.ts'
import { run } from '../../lib/run/run.ts'
import { toHttp } from '../../lib/sinks/toHttp.ts'
import { sinkStage } from '../../lib/streams/attachSink.ts'
import { FakeClock } from '../support/FakeClock.ts'
import { failureOf } from '../support/failureOf.ts'
import { listen } from '../support/listen.ts'
import { numbered, numbersOf } from '../support/numbered.ts'
import { accept, receive } from '../support/receive.ts'
import { turns } from '../support/turns.ts'
import { watchSockets } from '../support/watchSockets.ts'

t.test('toHttp: the report of run counts what the receiver got', async t => {
  const { origin, arrivals } = await receive(t)
  const report = await run(numbered(250), toHttp(`${origin}/in`))
  const arrived = arrivals.flatMap(({ records }) => numbersOf(records))
  t.strictSame(
    arrived.toSorted((a, b) => a - b),
    numbersOf(numbered(250)),
  )
  t.equal(report.records, 250)
  t.strictSame(report.sink, {
    name: 'toHttp',
    destination: `${origin}/in`,
    received: 250,
    acknowledged: 250,
    bytes: arrivals.reduce((sum, { sent }) => sum + sent.length, 0),
    batches: 3,
    splits: 0,
    refused: 0,
    requests: 3,
    retries: 0,
  })
})

t.test('toHttp: when a plain pipeline ends, all records are delivered and sockets closed', async t => {
  const { origin, arrivals, connections, server } = await receive(t)
  const sockets = watchSockets(server)
  const sink = toHttp(origin)
  await pipeline(Readable.from(numbered(5)), sink)
  t.strictSame(numbersOf(arrivals[0]?.records ?? []), [0, 1, 2, 3, 4])
  await sockets.allClosed()
  t.equal(await connections(), 0)
})

t.test('toHttp: without a record, no request is sent', async t => {
  const { origin, arrivals } = await receive(t)
  const { records, sink } = await run([], toHttp(origin))
  t.match({ records, sink }, { records: 0, sink: { received: 0, requests: 0 } })
  t.strictSame(arrivals, [])
})

t.test('toHttp: destroyed before a record, it has opened no socket', async t => {
  const { origin, server } = await receive(t)
  const sockets = watchSockets(server)
  const sink = toHttp(origin)
  await sinkStage(sink).claims?.()
  sink.destroy()
  await turns(20)
  t.equal(sockets.open.size, 0)
})

t.test('toHttp: each format has its body and its content type', async t => {
  const { origin, arrivals } = await receive(t)
  for (const format of ['ndjson', 'json', 'single'] as const) {
    await run([{ a: 'é' }, { a: 2 }], toHttp(origin, { format, order: 'strict' }))
  }
  t.match(
    arrivals.map(({ text, headers }) => [headers['content-type'], text]),
    [
      ['application/x-ndjson', '{"a":"é"}\n{"a":2}\n'],
      ['application/json', '[{"a":"é"},{"a":2}]'],
      ['application/json', '{"a":"é"}'],
      ['application/json', '{"a":2}'],
    ],
  )
})

t.test('toHttp: method, path, query and headers are sent as given', async t => {
  const { origin, arrivals, targets } = await receive(t)
  const headers = { Authorization: 'Bearer abc', 'Content-Type': 'application/vnd.leads+json' }
  await run([1], toHttp(`${origin}/a/b?c=d%20e`, { method: 'PUT', headers, format: 'json' }))
  t.match(arrivals, [{ method: 'PUT', headers: { authorization: 'Bearer abc' } }])
  t.equal(arrivals[0]?.headers['content-type'], 'application/vnd.leads+json')
  t.strictSame(targets, ['/a/b?c=d%20e'])
})

t.test('toHttp: a gzip body has the same content and key as a plain one', async t => {
  const { origin, arrivals } = await receive(t)
  const records = numbered(100)
  const { sink } = await run(records, toHttp(origin, { runId: 'r', compression: 'gzip' }))
  await run(records, toHttp(origin, { runId: 'r' }))
  const [zipped, plain] = arrivals
  t.equal(zipped?.headers['content-encoding'], 'gzip')
  t.equal(plain?.headers['content-encoding'], undefined)
  t.strictSame(gunzipSync(zipped?.sent ?? ''), plain?.sent)
  t.equal(zipped?.key, plain?.key)
  t.equal(sink.bytes, zipped?.sent.length)
})

t.test('toHttp: the same runId gives the same keys, another runId other keys', async t => {
  const { origin, arrivals } = await receive(t)
  const keysOf = async (runId?: string) => {
    arrivals.length = 0
    await run(numbered(30), toHttp(origin, { batch: { records: 10 }, ...(runId && { runId }) }))
    return arrivals.map(({ key }) => key).toSorted()
  }
  const first = await keysOf('run-1')
  t.equal(new Set(first).size, 3)
  t.strictSame(await keysOf('run-1'), first)
  t.notSame(await keysOf('run-2'), first)
  t.notSame(await keysOf(), await keysOf())
  const sink = toHttp(origin)
  t.match(sink.runId, /^[\w-]{36}$/)
})

t.test('toHttp: two batches with the same records have different keys', async t => {
  const { origin, arrivals } = await receive(t)
  await run(['x', 'x', 'x'], toHttp(origin, { batch: { records: 1 } }))
  t.equal(new Set(arrivals.map(({ key }) => key)).size, 3)
})

t.test('toHttp: as many requests as concurrency are in flight, and no more', async t => {
  const held: (() => void)[] = []
  const receiving = await receive(t, (arrival, response) => {
    held.push(() => accept(arrival, response))
    // Responses are held until three requests are waiting, or until the last.
    if (held.length === 3 || receiving.arrivals.length === 30) for (const answer of held.splice(0)) answer()
  })
  const { records } = await run(
    numbered(30),
    toHttp(receiving.origin, { concurrency: 3, batch: { records: 1 } }),
  )
  t.equal(records, 30)
  t.equal(receiving.most, 3)
})

t.test('toHttp: while all requests wait for a response, it accepts one more batch only', async t => {
  const answers: (() => void)[] = []
  const { origin, arrivals } = await receive(t, (arrival, response) => {
    answers.push(() => accept(arrival, response))
  })
  let pulled = 0
  function* records() {
    for (const record of numbered(1_000)) {
      pulled += 1
      yield record
    }
  }
  const sink = toHttp(origin, { concurrency: 2, batch: { records: 10 } })
  const running = pipeline(Readable.from(records(), { highWaterMark: 1 }), sink)
  while (answers.length < 2) await turns(1)
  await turns(50)
  t.equal(arrivals.length, 2)
  t.equal(sink.counts.received, 30, 'two batches in flight, and one that waits')
  t.ok(pulled <= 30 + sink.writableHighWaterMark + 2, `${pulled} records were pulled`)
  let ended = false
  void running.finally(() => {
    ended = true
  })
  while (!ended) {
    answers.shift()?.()
    await turns(1)
  }
  await running
  t.equal(sink.counts.acknowledged, 1_000)
})

t.test('toHttp: strict order is kept through retries and split batches', async t => {
  let requests = 0
  const accepted: number[] = []
  const receiving = await receive(t, ({ records }, response) => {
    requests += 1
    if (requests % 3 === 0) response.writeHead(503).end()
    else if (records.length > 3) response.writeHead(413).end()
    else {
      accepted.push(...numbersOf(records))
      response.end()
    }
  })
  const options = { order: 'strict', concurrency: 8, batch: { records: 8 } } as const
  await run(numbered(100), toHttp(receiving.origin, withClock(options, new FakeClock())))
  t.strictSame(accepted, numbersOf(numbered(100)))
  t.equal(receiving.most, 1)
})

t.test('toHttp: a receiver that is down is a SINK error after the retries', async t => {
  const { origin, server } = await listen(t, () => {})
  await new Promise(resolve => server.close(resolve))
  const clock = new FakeClock()
  const sink = toHttp(
    `${origin}/in?key=secret`,
    withClock({ retry: { retries: 2 }, batch: { records: 10 } }, clock),
  )
  const error = (await failureOf(run(numbered(25), sink))) as LeadpipeError
  t.match(error, {
    code: 'SINK',
    retryable: true,
    context: { url: `${origin}/in`, acknowledged: 0, unacknowledged: 25 },
    cause: { code: 'NETWORK', cause: { code: 'ECONNREFUSED' } },
    report: { records: 0, sink: { received: 25, acknowledged: 0 } },
  })
  t.match(error.message, `can't deliver to ${origin}/in: connect ECONNREFUSED`)
  t.match(error.message, /\(after 3 attempts\); of 25 records received, 0 were acknowledged and 25 were not$/)
  t.ok(sink.counts.requests <= 9)
})

t.test('toHttp: a SINK error says how many records were acknowledged before it', async t => {
  let requests = 0
  const { origin } = await receive(t, (_arrival, response) => {
    requests += 1
    response.writeHead(requests > 2 ? 500 : 200).end('{"message":"no more"}')
  })
  const sink = toHttp(
    origin,
    withClock({ order: 'strict', batch: { records: 10 }, retry: { retries: 1 } }, new FakeClock()),
  )
  const error = await failureOf(run(numbered(40), sink))
  t.match(error, {
    code: 'SINK',
    message: /: it answered 500: no more \(after 2 attempts\); of \d+ records received, 20 were acknowledged/,
    context: { acknowledged: 20, status: 500 },
    cause: { code: 'HTTP', context: { status: 500 } },
    report: { records: 20 },
  })
})

t.test('toHttp: a record that is not JSON is a SINK error with its number and guid', async t => {
  const { origin } = await receive(t)
  t.match(await failureOf(run([1, { guid: 'g', n: 2n }], toHttp(origin))), {
    code: 'SINK',
    message: /: record 2 \(guid g\) can't be written: .*BigInt/,
  })
  t.match(await failureOf(run([1, 2, 3n], toHttp(origin))), {
    code: 'SINK',
    message: /: record 3 can't be written: .*BigInt.*; of 3 records received, 0 were acknowledged/,
  })
})
