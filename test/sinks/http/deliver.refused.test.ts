import { createWriteStream, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { gzipSync } from 'node:zlib'
import t from 'tap'
import { withClock } from '../../../lib/http/Clock.ts'
import { encode } from '../../../lib/operators/encode.ts'
import { run } from '../../../lib/run/run.ts'
import type { DeadLetter } from '../../../lib/sinks/http/DeadLetters.ts'
import type { ReadAnswer } from '../../../lib/sinks/http/readOutcome.ts'
import { toArray } from '../../../lib/sinks/toArray.ts'
import { toFile } from '../../../lib/sinks/toFile.ts'
import { toHttp } from '../../../lib/sinks/toHttp.ts'
import { FakeClock } from '../../support/FakeClock.ts'
import { failureOf } from '../../support/failureOf.ts'
import { type Numbered, numbered, numbersOf } from '../../support/numbered.ts'
import { type Behaviour, receive } from '../../support/receive.ts'

/** Refuses a batch that contains a multiple of seven. */
const refuseSevenths: Behaviour = ({ records }, response) => {
  const refused = numbersOf(records).some(n => n % 7 === 0)
  response.writeHead(refused ? 422 : 200).end(refused ? '{"message":"no sevens"}' : '')
}

/** Refuses each multiple of seven, named by its index. */
const refuseByIndex: Behaviour = ({ records }, response) => {
  const errors = numbersOf(records).flatMap((n, index) =>
    n % 7 === 0 ? [{ index, reason: `${n} is bad` }] : [],
  )
  response.writeHead(errors.length === records.length ? 400 : 207).end(JSON.stringify({ errors }))
}
const readAnswer: ReadAnswer<Numbered> = ({ body }) => ({ refused: JSON.parse(body).errors })

t.test('toHttp: a refused batch is a SINK error by default', async t => {
  const { origin, arrivals } = await receive(t, refuseSevenths)
  t.match(await failureOf(run(numbered(3), toHttp(`${origin}/in`))), {
    code: 'SINK',
    retryable: false,
    message: `can't deliver to ${origin}/in: it answered 422: no sevens; of 3 records received, 0 were`,
    context: { url: `${origin}/in`, acknowledged: 0, unacknowledged: 3, status: 422 },
    cause: { code: 'HTTP', context: { status: 422 } },
  })
  t.equal(arrivals.length, 1)
})

t.test("toHttp: with onRefused 'skip', refused records are counted", async t => {
  const { origin } = await receive(t, refuseSevenths)
  const options = { onRefused: 'skip', batch: { records: 2 } } as const
  const report = await run(numbered(20), toHttp(origin, options))
  t.match(report, { records: 20, sink: { received: 20, acknowledged: 20, refused: 6, batches: 10 } })
})

t.test("toHttp: with onRefused 'dead-letter', a refused record is written with its status", async t => {
  const { origin, arrivals } = await receive(t, refuseSevenths)
  const deadLetter = toArray<DeadLetter>({ max: 10 })
  const clock = new FakeClock()
  const options = { onRefused: 'dead-letter', deadLetter, batch: { records: 2 }, order: 'strict' } as const
  const { sink } = await run(numbered(6), toHttp(origin, withClock(options, clock)))
  t.match(sink, { acknowledged: 6, refused: 2 })
  const batchKey = arrivals[0]?.key
  const letter = { status: 422, answer: '{"message":"no sevens"}', batchKey, time: clock.time }
  t.strictSame(deadLetter.records, [
    { record: { n: 0 }, ...letter },
    { record: { n: 1 }, ...letter },
  ])
  t.ok(deadLetter.writableFinished, 'the deadLetter was ended')
})

t.test('toHttp: a file of dead letters is complete when the run ends', async t => {
  const { origin } = await receive(t, refuseSevenths)
  const path = join(t.testdir(), 'refused.ndjson')
  await run(
    numbered(10),
    toHttp(origin, { onRefused: 'dead-letter', deadLetter: toFile(path), format: 'single' }),
  )
  const lines = readFileSync(path, 'utf8').trim().split('\n')
  t.strictSame(lines.map(line => JSON.parse(line).record.n).toSorted(), [0, 7])
})

t.test('toHttp: a file of dead letters is kept when the run fails', async t => {
  const receiving = await receive(t, (arrival, response) => {
    if (receiving.arrivals.length > 2) response.writeHead(401).end()
    else refuseSevenths(arrival, response)
  })
  const path = join(t.testdir(), 'refused.ndjson')
  const deadLetter = toFile(path)
  const sink = toHttp(receiving.origin, {
    onRefused: 'dead-letter',
    deadLetter,
    format: 'single',
    order: 'strict',
  })
  t.match(await failureOf(run(numbered(10), sink)), { context: { acknowledged: 2, status: 401 } })
  t.strictSame(JSON.parse(readFileSync(path, 'utf8')).record, { n: 0 })
})

t.test('toHttp: a run that fails without a refused record creates no file of dead letters', async t => {
  const { origin } = await receive(t, (_arrival, response) => response.writeHead(401).end())
  const dir = t.testdir()
  const path = join(dir, 'refused.ndjson')
  const sink = toHttp(origin, { onRefused: 'dead-letter', deadLetter: toFile(path) })
  await failureOf(run([1], sink))
  t.throws(() => readFileSync(path), { code: 'ENOENT' })
})

t.test("toHttp: with endDeadLetter 'never', several runs can share a deadLetter", async t => {
  const { origin } = await receive(t, refuseSevenths)
  const deadLetter = toArray<DeadLetter>({ max: 10 })
  for (let i = 0; i < 3; i += 1) {
    await run(
      [{ n: 7 * i }],
      toHttp(origin, { onRefused: 'dead-letter', deadLetter, endDeadLetter: 'never' }),
    )
  }
  t.strictSame(
    deadLetter.records.map(({ record }) => record),
    [{ n: 0 }, { n: 7 }, { n: 14 }],
  )
  t.equal(deadLetter.writableEnded, false)
  t.equal(deadLetter.listenerCount('error'), 0)
})

t.test('toHttp: dead letters can be written to a Writable of bytes through encode()', async t => {
  const { origin } = await receive(t, refuseSevenths)
  const path = join(t.testdir(), 'refused.ndjson')
  const deadLetter = encode()
  const file = deadLetter.pipe(createWriteStream(path))
  await run(numbered(2), toHttp(origin, { onRefused: 'dead-letter', deadLetter }))
  await finished(file)
  t.equal(readFileSync(path, 'utf8').trim().split('\n').length, 2)
})

t.test('toHttp: a dead letter that cannot be written is a SINK error', async t => {
  const { origin } = await receive(t, refuseSevenths)
  const full = new Error('full')
  const broken: [Writable, unknown][] = [
    [new Writable({ objectMode: true, write: (_letter, _encoding, callback) => callback(full) }), full],
    [
      new Writable({
        objectMode: true,
        final: callback => callback(full),
        write: (_l, _e, callback) => callback(),
      }),
      full,
    ],
    [
      toArray({ max: 1 }),
      {
        code: 'SINK',
        message:
          'toArray() takes at most 1 records, received one more; set max to a higher number, or write to a file',
      },
    ],
    [
      new Writable({
        objectMode: true,
        write() {
          this.destroy()
        },
      }),
      { code: 'ERR_STREAM_PREMATURE_CLOSE' },
    ],
  ]
  for (const [deadLetter, cause] of broken) {
    const error = await failureOf(run(numbered(2), toHttp(origin, { onRefused: 'dead-letter', deadLetter })))
    t.match(error, { code: 'SINK', message: /: the dead-letter sink failed: .*; of 2 records received/ })
    t.match((error as { cause: { cause: unknown } }).cause.cause, cause)
  }
})

t.test('toHttp: a deadLetter that cannot be opened is a SINK error before the first request', async t => {
  const { origin, arrivals } = await receive(t)
  const deadLetter = toFile(join(t.testdir(), 'no', 'such', 'place.ndjson'))
  const sink = toHttp(origin, { onRefused: 'dead-letter', deadLetter })
  t.match(await failureOf(run([1], sink)), { code: 'SINK', message: /place\.ndjson/ })
  t.strictSame(arrivals, [])
})

t.test('toHttp: readAnswer refuses single records of a 2xx and of a 4xx', async t => {
  const { origin } = await receive(t, refuseByIndex)
  const deadLetter = toArray<DeadLetter<Numbered>>({ max: 10 })
  const options = {
    onRefused: 'dead-letter',
    deadLetter,
    readAnswer,
    batch: { records: 3 },
    order: 'strict',
  } as const
  const { sink } = await run([...numbered(9), { n: 14 }], toHttp(origin, options))
  t.match(sink, { received: 10, acknowledged: 10, refused: 3 })
  t.match(
    deadLetter.records.map(({ record, status, reason }) => [record.n, status, reason]),
    [
      [0, 207, '0 is bad'],
      [7, 207, '7 is bad'],
      [14, 400, '14 is bad'],
    ],
  )
})

t.test('toHttp: readAnswer gets status, headers, the decoded body and the batch in order', async t => {
  const { origin } = await receive(t, (_arrival, response) =>
    response.writeHead(207, { 'content-encoding': 'gzip', 'x-kind': 'a' }).end(gzipSync('"é"')),
  )
  const seen: unknown[] = []
  const records = numbered(3)
  const record: ReadAnswer<Numbered> = (answer, batch) => {
    seen.push(answer.status, answer.headers['x-kind'], answer.body, ...batch)
    return { refused: [] }
  }
  const { sink } = await run(records, toHttp(origin, { readAnswer: record }))
  t.strictSame(seen, [207, 'a', '"é"', ...records])
  t.match(sink, { acknowledged: 3, refused: 0 })
})

t.test('toHttp: if readAnswer returns undefined, the status decides', async t => {
  const { origin } = await receive(t, refuseSevenths)
  const options = { onRefused: 'skip', readAnswer: () => undefined, format: 'single' } as const
  t.match((await run(numbered(8), toHttp(origin, options))).sink, { acknowledged: 8, refused: 2 })
})

t.test(
  "toHttp: with onRefused 'fail', a record refused by readAnswer is a SINK error, the others are acknowledged",
  async t => {
    const { origin } = await receive(t, refuseByIndex)
    const sink = toHttp(`${origin}/in`, { readAnswer, batch: { records: 5 }, order: 'strict' })
    t.match(await failureOf(run(numbered(20).slice(1), sink)), {
      message:
        /: it answered 207 and refused 1 of 5 records: 7 is bad; of \d+ records received, 9 were acknowledged/,
      context: { status: 207, acknowledged: 9 },
      cause: { code: 'HTTP', context: { status: 207, refused: [6] } },
    })
  },
)

t.test('toHttp: a response that breaks off before readAnswer is called is requested again', async t => {
  const receiving = await receive(t, (arrival, response) => {
    if (receiving.arrivals.length > 1) return refuseByIndex(arrival, response)
    response.writeHead(207, { 'content-length': 100 }).write('{"err')
    setImmediate(() => response.socket?.destroy())
  })
  const options = { onRefused: 'skip', readAnswer } as const
  const { sink } = await run(numbered(8), toHttp(receiving.origin, withClock(options, new FakeClock())))
  t.match(sink, { acknowledged: 8, refused: 2, requests: 2, retries: 1 })
  t.equal(receiving.arrivals[0]?.key, receiving.arrivals[1]?.key)
})

const wrongAnswers: Record<string, [ReadAnswer<unknown>, RegExp]> = {
  'a record beyond the batch': [() => ({ refused: [{ index: 3 }] }), /named record 3 of a batch of 3/],
  'a record before it': [() => ({ refused: [{ index: -1 }] }), /named record -1/],
  'half a record': [() => ({ refused: [{ index: 0.5 }] }), /named record 0\.5/],
  'no list': [() => ({}) as never, /expected readAnswer to return \{ refused/],
  null: [() => null as never, /expected readAnswer to return \{ refused/],
  'nothing in a list': [() => ({ refused: [null] }) as never, /named record/],
  'a promise': [(async () => undefined) as never, /expected readAnswer to return \{ refused/],
  'an exception': [
    () => {
      throw new Error('can’t read')
    },
    /readAnswer failed: can’t read/,
  ],
}
for (const [what, [read, message]] of Object.entries(wrongAnswers)) {
  t.test(`toHttp: a readAnswer that returns ${what} is a SINK error`, async t => {
    const { origin } = await receive(t)
    const error = await failureOf(run(numbered(3), toHttp(origin, { readAnswer: read, onRefused: 'skip' })))
    t.match(error, { code: 'SINK', message, context: { acknowledged: 0, unacknowledged: 3, status: 204 } })
  })
}

t.test('toHttp: a record that readAnswer names twice is refused once', async t => {
  const { origin } = await receive(t)
  const read = () => ({ refused: [{ index: 1 }, { index: 1 }] })
  const { sink } = await run(numbered(3), toHttp(origin, { readAnswer: read, onRefused: 'skip' }))
  t.match(sink, { acknowledged: 3, refused: 1 })
})

for (const status of [206, 207]) {
  t.test(`toHttp: a ${status} that no readAnswer reads is a SINK error, whatever onRefused is`, async t => {
    const receiving = await receive(t, (_arrival, response) =>
      response.writeHead(status).end('{"numErrors":3}'),
    )
    for (const options of [{}, { onRefused: 'skip' }, { readAnswer: () => undefined }] as const) {
      t.match(await failureOf(run(numbered(3), toHttp(receiving.origin, options))), {
        code: 'SINK',
        retryable: false,
        message: `it answered ${status}: it may have refused some records; only the option readAnswer of toHttp() can tell`,
        context: { status, acknowledged: 0, unacknowledged: 3 },
      })
    }
    t.equal(receiving.arrivals.length, 3)
  })
}

for (const status of [200, 201, 202, 203, 204, 205, 208, 226]) {
  t.test(`toHttp: a ${status} accepts a batch, whatever its body is`, async t => {
    const receiving = await receive(t, (_arrival, response) =>
      response.writeHead(status, { 'content-type': 'text/html' }).end('<p>OK</p>'),
    )
    t.match((await run(numbered(3), toHttp(receiving.origin))).sink, { acknowledged: 3, refused: 0 })
  })
}
