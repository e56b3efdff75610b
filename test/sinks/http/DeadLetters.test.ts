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

/** A stream that accepts one record, and never calls back. */
function stuck(): Writable {
  return new Writable({ objectMode: true, highWaterMark: 1, write() {} })
}

for (const [way, use] of Object.entries({
  'a run': (sink: Writable, signal: AbortSignal) => run(numbered(9), sink, { signal }),
  'a pipeline': (sink: Writable, signal: AbortSignal) =>
    pipeline(Readable.from(numbered(9)), sink, { signal }),
})) {
  t.test(`toHttp: ${way} that is aborted does not wait for a full deadLetter stream`, async t => {
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

/** Refuses a batch that contains a multiple of seven. */
const refuseSevenths: Behaviour = ({ records }, response) =>
  void response.writeHead(numbersOf(records).some(n => n % 7 === 0) ? 422 : 200).end()

const single = { onRefused: 'dead-letter', format: 'single', order: 'strict' } as const

/** The numbers of the records in a file of dead letters. */
const refusedIn = (path: string) =>
  readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map(line => JSON.parse(line).record.n)

const ways = {
  'in run': (records: unknown[], sink: Writable) => run(records, sink),
  'in a plain pipeline': (records: unknown[], sink: Writable) => pipeline(Readable.from(records), sink),
}

for (const [way, use] of Object.entries(ways)) {
  t.test(`toHttp: ${way}, the file of dead letters is complete when the sink ends`, async t => {
    const { origin } = await receive(t, refuseSevenths)
    const path = join(t.testdir(), 'refused.ndjson')
    const deadLetter = toFile(path)
    await use(numbered(15), toHttp(origin, { ...single, deadLetter }))
    t.strictSame(refusedIn(path), [0, 7, 14])
    t.ok(deadLetter.writableFinished)
  })

  t.test(`toHttp: ${way}, the file of dead letters is kept when the sink fails`, async t => {
    const receiving = await receive(t, (arrival, response) => {
      if (receiving.arrivals.length > 8) response.writeHead(401).end()
      else refuseSevenths(arrival, response)
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
    `toHttp: ${way}, dead letters that wait for a batch to another receiver are sent when the sink fails`,
    async t => {
      const receiving = await receive(t, (arrival, response) => {
        if (receiving.arrivals.length > 8) response.writeHead(401).end()
        else refuseSevenths(arrival, response)
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

  t.test(`toHttp: ${way}, a failed sink without a dead letter leaves the old file`, async t => {
    const { origin } = await receive(t, (_arrival, response) => void response.writeHead(401).end())
    const dir = t.testdir({ 'refused.ndjson': 'from before' })
    const path = join(dir, 'refused.ndjson')
    const sink = toHttp(origin, { ...single, deadLetter: toFile(path) })
    await failureOf(use(numbered(3), sink))
    if (!sink.closed) await once(sink, 'close')
    t.equal(readFileSync(path, 'utf8'), 'from before')
    t.strictSame(readdirSync(dir), ['refused.ndjson'])
  })

  t.test(`toHttp: ${way}, a deadLetter that fails, at once or at its end, is a SINK error`, async t => {
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

  t.test(`toHttp: ${way}, a deadLetter that is closed from outside is a SINK error`, async t => {
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

  t.test(`toHttp: ${way}, a shared deadLetter is left open and without listeners`, async t => {
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

  t.test(`toHttp: ${way}, the deadLetter can be a toHttp() with its own deadLetter`, async t => {
    const { origin } = await receive(t, refuseSevenths)
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
  'toHttp: destroyed before its first record, it closes its deadLetter unless that is shared by runs',
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

t.test('DeadLetters: letters are written one at a time, in the order of add()', async t => {
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

t.test('DeadLetters: a failed write rejects its add(); an abort rejects those that wait', async t => {
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

t.test('toHttp: a deadLetter that acknowledges too few records is a LEDGER error', async t => {
  const { origin } = await receive(t, refuse)
  class Undercounting extends SinkWritable<unknown> {
    constructor() {
      const run = { prepare: async () => {}, commit: async () => {}, end: async () => {} }
      const counts = () => ({ received: 2, acknowledged: 1, bytes: 0 })
      super({ name: 'undercounting', open: async () => ({ ...run, counts, write() {} }) })
    }
  }
  t.match(await failureOf(run(numbered(2), toHttp(origin, { ...single, deadLetter: new Undercounting() }))), {
    code: 'LEDGER',
    message: /: records written to sink\/deadLetter = 2, but acknowledged by it = 1$/,
  })
})
