import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import t from 'tap'
import { run } from '../../../lib/run/run.ts'
import { type DeadLetter, DeadLetters } from '../../../lib/sinks/http/DeadLetters.ts'
import { toArray } from '../../../lib/sinks/toArray.ts'
import { toFile } from '../../../lib/sinks/toFile.ts'
import { toHttp } from '../../../lib/sinks/toHttp.ts'
import { SinkWritable } from '../../../lib/streams/SinkWritable.ts'
import { failureOf } from '../../support/failureOf.ts'
import { numbered, numbersOf } from '../../support/numbered.ts'
import { type Behaviour, receive } from '../../support/receive.ts'
import { turns } from '../../support/turns.ts'

const refuse: Behaviour = (_arrival, response) => void response.writeHead(422).end()

/** Takes one record, and never has room for another. */
function stuck(): Writable {
  return new Writable({ objectMode: true, highWaterMark: 1, write() {} })
}

for (const [way, use] of Object.entries({
  'a run': (sink: Writable, signal: AbortSignal) => run(numbered(9), sink, { signal }),
  'a pipeline': (sink: Writable, signal: AbortSignal) =>
    pipeline(Readable.from(numbered(9)), sink, { signal }),
})) {
  t.test(`${way} that is aborted does not wait for a dead-letter Writable without room`, async t => {
    const { origin } = await receive(t, refuse)
    const deadLetter = stuck()
    const abort = new AbortController()
    const written = deadLetter.write.bind(deadLetter)
    deadLetter.write = ((...given: Parameters<typeof written>) => {
      setImmediate(() => abort.abort('enough'))
      return written(...given)
    }) as typeof deadLetter.write
    const sink = toHttp(origin, { onRefused: 'dead-letter', deadLetter, batch: { records: 3 } })
    const failure = await failureOf(use(sink, abort.signal))
    t.equal(way === 'a run' ? failure : (failure as Error).name, way === 'a run' ? 'enough' : 'AbortError')
    if (!sink.closed) await once(sink, 'close')
  })
}

/** Refuses a batch with a number that divides by seven. */
const bySevens: Behaviour = ({ records }, response) =>
  void response.writeHead(numbersOf(records).some(n => n % 7 === 0) ? 422 : 200).end()

const single = { onRefused: 'dead-letter', format: 'single', order: 'strict' } as const

/** The numbers of the records in a file of dead letters. */
const refusedIn = (path: string) =>
  readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line).record.n)

const ways = {
  'under run': (records: unknown[], sink: Writable) => run(records, sink),
  'in a plain pipeline': (records: unknown[], sink: Writable) => pipeline(Readable.from(records), sink),
}

for (const [way, use] of Object.entries(ways)) {
  t.test(`${way}, dead letters are in their file when the records are through`, async t => {
    const { origin } = await receive(t, bySevens)
    const path = join(t.testdir(), 'refused.ndjson')
    const deadLetter = toFile(path)
    await use(numbered(15), toHttp(origin, { ...single, deadLetter }))
    t.strictSame(refusedIn(path), [0, 7, 14])
    t.ok(deadLetter.writableFinished)
  })

  t.test(`${way}, dead letters are kept in their file when the sink fails`, async t => {
    const receiving = await receive(t, (arrival, response) => {
      if (receiving.arrivals.length > 8) response.writeHead(401).end()
      else bySevens(arrival, response)
    })
    const dir = t.testdir()
    const path = join(dir, 'refused.ndjson')
    const sink = toHttp(receiving.origin, { ...single, deadLetter: toFile(path) })
    t.match(await failureOf(use(numbered(20), sink)), { code: 'SINK', context: { status: 401 } })
    if (!sink.closed) await once(sink, 'close')
    t.strictSame(refusedIn(path), [0, 7])
    t.strictSame(readdirSync(dir), ['refused.ndjson'])
  })

  t.test(
    `${way}, dead letters that wait for a batch to another receiver are sent when the sink fails`,
    async t => {
      const receiving = await receive(t, (arrival, response) => {
        if (receiving.arrivals.length > 8) response.writeHead(401).end()
        else bySevens(arrival, response)
      })
      const other = await receive(t)
      const sink = toHttp(receiving.origin, { ...single, deadLetter: toHttp(other.origin) })
      t.match(await failureOf(use(numbered(20), sink)), { code: 'SINK', context: { status: 401 } })
      if (!sink.closed) await once(sink, 'close')
      t.match(
        other.arrivals.map(({ records }) => records),
        [[{ record: { n: 0 } }, { record: { n: 7 } }]],
      )
    },
  )

  t.test(`${way}, a sink that fails with nothing refused leaves an older file of dead letters`, async t => {
    const { origin } = await receive(t, (_arrival, response) => void response.writeHead(401).end())
    const dir = t.testdir({ 'refused.ndjson': 'of before' })
    const path = join(dir, 'refused.ndjson')
    const sink = toHttp(origin, { ...single, deadLetter: toFile(path) })
    await failureOf(use(numbered(3), sink))
    if (!sink.closed) await once(sink, 'close')
    t.equal(readFileSync(path, 'utf8'), 'of before')
    t.strictSame(readdirSync(dir), ['refused.ndjson'])
  })

  t.test(`${way}, dead letters that can't be written, at once or at the end, are SINK`, async t => {
    const { origin } = await receive(t, refuse)
    const full = new Error('full')
    const broken: (() => Writable)[] = [
      () => new Writable({ objectMode: true, write: (_letter, _encoding, callback) => callback(full) }),
      () =>
        new Writable({
          objectMode: true,
          write: (_letter, _encoding, callback) => void setImmediate(() => callback(full)),
        }),
      () =>
        new Writable({
          objectMode: true,
          write: (_letter, _encoding, callback) => callback(),
          final: callback => callback(full),
        }),
    ]
    for (const make of broken) {
      t.match(await failureOf(use(numbered(2), toHttp(origin, { ...single, deadLetter: make() }))), {
        code: 'SINK',
        message: /^can't deliver to .*: the dead-letter sink failed: full; of 2 records received, \d were/,
        cause: { code: 'SINK', cause: full },
      })
    }
  })

  t.test(`${way}, dead letters that somebody else closes are SINK`, async t => {
    const deadLetter = toArray<DeadLetter>({ max: 9 })
    const { origin } = await receive(t, (_arrival, response) => {
      deadLetter.destroy()
      response.writeHead(204).end()
    })
    t.match(await failureOf(use(numbered(2), toHttp(origin, { ...single, deadLetter }))), {
      code: 'SINK',
      message: /: the dead-letter sink failed: /,
    })
  })

  t.test(`${way}, shared dead letters are left open, and nothing listens to them any more`, async t => {
    const { origin } = await receive(t, refuse)
    const deadLetter = toArray<DeadLetter>({ max: 9 })
    const options = { ...single, deadLetter, endDeadLetter: 'never' } as const
    await use(numbered(2), toHttp(origin, options))
    const failing = toHttp('http://127.0.0.1:1', { ...options, retry: { retries: 0 } })
    await failureOf(use(numbered(2), failing))
    if (!failing.closed) await once(failing, 'close')
    t.notOk(deadLetter.writableEnded || deadLetter.destroyed)
    for (const event of ['error', 'drain', 'close', 'finish'])
      t.equal(deadLetter.listenerCount(event), 0, event)
    t.equal(deadLetter.records.length, 2)
  })

  t.test(`${way}, dead letters may go to a receiver that has dead letters itself`, async t => {
    const { origin } = await receive(t, bySevens)
    const other = await receive(t, ({ records }, response) => {
      const refused = (records as { record: { n: number } }[]).some(({ record }) => record.n === 7)
      response.writeHead(refused ? 422 : 204).end()
    })
    const path = join(t.testdir(), 'refused.ndjson')
    const second = toHttp(other.origin, { ...single, deadLetter: toFile(path) })
    await use(numbered(15), toHttp(origin, { ...single, deadLetter: second }))
    t.equal(other.arrivals.length, 3)
    const letters = readFileSync(path, 'utf8').trim().split('\n')
    t.match(
      letters.map(line => JSON.parse(line)),
      [{ record: { record: { n: 7 }, status: 422 }, status: 422 }],
    )
    t.match(second.counts, { received: 3, acknowledged: 3, refused: 1 })
  })
}

t.test(
  'a sink that is destroyed before its first record closes its dead letters, not shared ones',
  async t => {
    for (const endDeadLetter of ['with-sink', 'never'] as const) {
      const deadLetter = toArray({ max: 1 })
      const sink = toHttp('http://127.0.0.1:1', { onRefused: 'dead-letter', deadLetter, endDeadLetter })
      sink.destroy()
      await once(sink, 'close')
      t.equal(deadLetter.destroyed, endDeadLetter === 'with-sink')
    }
  },
)

const letter = (n: number): DeadLetter => ({
  record: { n },
  status: 422,
  answer: '',
  batchKey: 'key',
  time: 0,
})

t.test('DeadLetters: whoever adds them, they are written one at a time, in order', async t => {
  const rooms: (() => void)[] = []
  const written: unknown[] = []
  const output = {
    write(given: unknown) {
      written.push((given as DeadLetter<{ n: number }>).record.n)
      return new Promise<void>(resolve => rooms.push(resolve))
    },
  }
  const letters = new DeadLetters(output, new AbortController().signal)
  const added = [0, 1, 2].map(n => letters.add(letter(n)))
  for (const n of [0, 1, 2]) {
    await turns(2)
    t.strictSame(written, [0, 1, 2].slice(0, n + 1))
    rooms[n]?.()
    await added[n]
  }
})

t.test('DeadLetters: a failure is that of the letter; an abort ends the wait for room', async t => {
  const abort = new AbortController()
  const written: unknown[] = []
  const output = {
    write(given: unknown) {
      const { n } = (given as DeadLetter<{ n: number }>).record
      written.push(n)
      if (n === 0) throw new Error('full')
      return n === 1 ? undefined : new Promise<void>(() => {})
    },
  }
  const letters = new DeadLetters(output, abort.signal)
  const failing = failureOf(letters.add(letter(0)))
  await letters.add(letter(1))
  t.match(await failing, { code: 'SINK', message: 'the dead-letter sink failed: full' })
  const waiting = [2, 3].map(n => failureOf(letters.add(letter(n))))
  await turns(2)
  abort.abort(new Error('enough'))
  for (const failure of waiting) t.match(await failure, { code: 'SINK', cause: { message: 'enough' } })
  t.strictSame(written, [0, 1, 2])
})

t.test('a run that loses a dead letter is LEDGER', async t => {
  const { origin } = await receive(t, refuse)
  class Forgetful extends SinkWritable<unknown> {
    constructor() {
      const run = { prepare: async () => {}, commit: async () => {}, end: async () => {} }
      const counts = () => ({ received: 2, acknowledged: 1, bytes: 0 })
      super({ name: 'forgetful', open: async () => ({ ...run, counts, write() {} }) })
    }
  }
  t.match(await failureOf(run(numbered(2), toHttp(origin, { ...single, deadLetter: new Forgetful() }))), {
    code: 'LEDGER',
    message: /: records written to sink\/deadLetter = 2, but acknowledged by it = 1$/,
  })
})
