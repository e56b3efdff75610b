import { PassThrough, type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import t from 'tap'
import {
  LeadpipeError,
  map,
  type Read,
  type ReadOptions,
  run,
  source,
  take,
  toArray,
  toFile,
  transform,
} from '../../lib/index.ts'
import { failureOf } from '../support/failureOf.ts'
import { type Numbered, numbered, numbersOf } from '../support/numbered.ts'
import { runWithCheckpoint } from '../support/runWithCheckpoint.ts'
import { turns } from '../support/turns.ts'
import { Workplace } from '../support/Workplace.ts'

const boom = new Error('boom')

/** What happened to one use of a source. */
interface Use {
  options?: ReadOptions<number>
  /** Whether the generator has ended, and with it its `finally`. */
  isOver: boolean
}

/** A source of records in batches of `size`; the position is the number of records. */
function batches(count: number, size: number, use: Use = { isOver: false }) {
  return source<Numbered, number>('numbers', async function* (options) {
    use.options = options
    try {
      for (let at = options.from ?? 0; at < count; ) {
        const records = numbered(Math.min(at + size, count)).slice(at)
        at += records.length
        yield { records, position: at }
      }
    } finally {
      use.isOver = true
    }
  })
}

/** Runs with a checkpoint in a folder, whose saves the records wait for. */
const resume = (
  work: Workplace,
  from: Readable,
  options: Partial<Parameters<typeof runWithCheckpoint>[1]> = {},
) => runWithCheckpoint(work, { source: from, waits: true, sink: toFile(work.file('out.ndjson')), ...options })

const position = (work: Workplace) => work.saved.state.source

t.test('source: run receives the records of all batches in order, and reports name and count', async t => {
  const sink = toArray<Numbered>({ max: 99 })
  const report = await run(batches(25, 10), sink)
  t.strictSame(sink.records, numbered(25))
  t.strictSame(report.source, { name: 'numbers', delivered: 25 })
  t.equal(report.read, 25)
})

t.test('source: its stream can be iterated, and be the source of a plain pipeline', async t => {
  const seen: Numbered[] = []
  for await (const record of batches(25, 10)) seen.push(record)
  t.strictSame(seen, numbered(25))
  const sink = toArray<Numbered>({ max: 99 })
  await pipeline(batches(25, 10), sink)
  t.strictSame(sink.records, numbered(25))
})

t.test('source: read may return any iterable, and a batch may be empty', async t => {
  const given = [
    { records: [1, 2], position: 'a' },
    { records: [], position: 'b' },
    { records: [3], position: 'c' },
  ]
  for (const read of [
    () => given,
    function* () {
      yield* given
    },
    async function* () {
      yield* given
    },
  ]) {
    const sink = toArray<number>({ max: 9 })
    await run(source<number>('numbers', read), sink)
    t.strictSame(sink.records, [1, 2, 3])
  }
})

t.test('source: read is called at the first request, not when the source or the run is created', async t => {
  const use: Use = { isOver: false }
  const numbers = batches(3, 1, use)
  await turns(5)
  t.equal(use.options, undefined)
  await t.rejects(run(numbers, toFile('/no/such/folder/a.ndjson')), { code: 'SINK' })
  t.equal(use.options, undefined)
})

t.test('source: the next batch is requested only when the last one is processed', async t => {
  const events: string[] = []
  const numbers = source('numbers', function* () {
    for (const position of [1, 2]) {
      events.push(`batch ${position}`)
      yield { records: [position, position], position }
    }
  })
  const step = map(async (n: number) => {
    await turns(3)
    events.push(`record ${n}`)
    return n
  })
  await run(numbers, step, toArray({ max: 9 }))
  t.strictSame(events, ['batch 1', 'record 1', 'record 1', 'batch 2', 'record 2', 'record 2'])
})

t.test(
  'source: an early end aborts the signal and ends the iterator; a complete one does not abort',
  async t => {
    const whole: Use = { isOver: false }
    await run(batches(5, 2, whole), toArray({ max: 9 }))
    t.equal(whole.options?.signal.aborted, false)
    t.ok(whole.isOver)
    const failing = map(() => {
      throw boom
    })
    for (const end of [
      (numbers: Readable) => run(numbers, take(1), toArray({ max: 9 })),
      (numbers: Readable) => failureOf(run(numbers, failing, toArray({ max: 9 }))),
      (numbers: Readable) => failureOf(pipeline(numbers, failing, toArray({ max: 9 }))),
      async (numbers: Readable) => {
        for await (const _ of numbers) break
      },
    ]) {
      const use: Use = { isOver: false }
      await end(batches(100, 2, use))
      await turns(1)
      t.ok(use.options?.signal.aborted)
      t.ok(use.isOver)
    }
  },
)

t.test('source: an abort does not wait for a read that never settles', async t => {
  const stuck = () =>
    source('stuck', async function* () {
      yield { records: [1], position: 1 }
      await new Promise<never>(() => {})
    })
  const abort = new AbortController()
  const outcome = failureOf(run(stuck(), toArray({ max: 9 }), { signal: abort.signal }))
  await turns(20)
  abort.abort(boom)
  t.equal(await outcome, boom)
  t.match(await run(stuck(), take(1), toArray({ max: 9 })), { read: 1 })
  const stream = stuck()
  stream.resume()
  await turns(5)
  stream.destroy()
  await new Promise(resolve => stream.once('close', resolve))
})

t.test('source: what is wrong with a batch is a SOURCE error that names the source', async t => {
  const cases: [batch: unknown, message: RegExp][] = [
    [{ records: [1] }, /expected \{ records, position \}, received no position/],
    [{ records: [1], position: new Date() }, /must be plain JSON, found an object of class Date/],
    [{ records: [1], position: { at: Number.NaN } }, /must be plain JSON, found NaN/],
    [{ records: [1, null], position: 1 }, /records\[1\] is null, which a Node stream can't carry/],
    [
      { records: 'text', position: 1 },
      /expected \{ records, position \} with an array of records, received records: a value of type string/,
    ],
    [[1, 2], /expected \{ records, position \} with an array of records, received an array/],
    [
      undefined,
      /expected \{ records, position \} with an array of records, received records: a value of type undefined/,
    ],
  ]
  for (const [batch, message] of cases) {
    const numbers = () => source('numbers', (() => [batch]) as unknown as Read<number>)
    const sink = toArray<number>({ max: 9 })
    const failure = await failureOf(run(numbers(), sink))
    t.match(failure, { code: 'SOURCE', message })
    t.match(failure, { message: /^the source "numbers" failed: / })
    t.strictSame(sink.records, [], 'no record of the batch is delivered')
    t.match(await failureOf(pipeline(numbers(), toArray({ max: 9 }))), { code: 'SOURCE', message })
  }
})

t.test(
  'source: what read throws is a SOURCE error with its cause; a LeadpipeError stays as it is',
  async t => {
    const failing = (error: unknown) =>
      source<number>('numbers', () => {
        throw error
      })
    const later = source('numbers', async function* () {
      yield { records: [1], position: 1 }
      throw boom
    })
    for (const numbers of [failing(boom), later]) {
      t.match(await failureOf(run(numbers, toArray({ max: 9 }))), {
        code: 'SOURCE',
        message: 'the source "numbers" failed: boom',
        cause: boom,
      })
    }
    const own = new LeadpipeError('NETWORK', 'no connection', { retryable: true })
    t.match(await failureOf(run(failing(own), toArray({ max: 9 }))), { code: 'NETWORK', retryable: true })
  },
)

t.test('source: a read that is no generator is named in the error', async t => {
  for (const [returned, received] of [
    [Promise.resolve([]), 'a promise'],
    [undefined, 'a value of type undefined'],
    ['text', 'a value of type string'],
  ]) {
    const numbers = source('numbers', (() => returned) as unknown as Read<number>)
    t.match(await failureOf(run(numbers, toArray({ max: 9 }))), {
      code: 'SOURCE',
      message: `the source "numbers" failed: expected read() to return an async iterable (async function*), received ${received}`,
    })
  }
})

t.test('source: wrong arguments are OPTION errors before anything happens', async t => {
  const read = () => []
  const circle: Record<string, unknown> = {}
  circle.self = circle
  for (const [given, message] of [
    [['', read], "source(): name: expected a name, such as 'contacts', received ''"],
    [[undefined, read], "source(): name: expected a name, such as 'contacts', received undefined"],
    [['a'], 'source(): read: expected a function, received undefined'],
    [['a', {}], 'source(): read: expected a function, received {}'],
    [['a', read, { following: 1 }], 'source(): following: expected a function, received 1'],
    [['a', read, { retries: 1 }], 'source(): unknown option "retries"; expected one of options, following'],
    [
      ['a', read, { options: { at: new Date() } }],
      'source(): options: expected plain JSON, received those of "a": the options must be plain JSON, found an object of class Date',
    ],
    [['a', read, { options: circle }], /found an object that holds itself/],
  ] as const) {
    t.throws(() => (source as (...given: unknown[]) => unknown)(...given), { code: 'OPTION', message })
  }
})

t.test('source: a checkpoint is saved between batches only, and a resumed run reads from there', async t => {
  const work = new Workplace(t)
  const starts: (number | undefined)[] = []
  for (const reason of ['first', 'second', undefined]) {
    const use: Use = { isOver: false }
    const abort = new AbortController()
    let seen = 0
    const step = map((record: Numbered) => {
      seen += 1
      if (seen === 47 && reason !== undefined) abort.abort(reason)
      return record
    })
    const options = { operators: step, every: 5, signal: abort.signal }
    const outcome = await resume(work, batches(100, 20, use), options).catch(error => error)
    starts.push(use.options?.from)
    const saved = starts.length * 40
    if (reason === undefined) t.match(outcome, { read: 100, records: 100, checkpoint: { starts: 3 } })
    else {
      t.equal(outcome, reason)
      t.strictSame(position(work), { position: saved, delivered: saved, ended: false })
    }
  }
  t.strictSame(starts, [undefined, 40, 80])
  t.strictSame(numbersOf(work.lines('out.ndjson')), numbersOf(numbered(100)))
})

t.test('source: an abort after the last record of a batch saves there', async t => {
  const work = new Workplace(t)
  const abort = new AbortController()
  const step = map((record: Numbered) => {
    if (record.n === 19) abort.abort('no')
    return record
  })
  t.equal(await failureOf(resume(work, batches(100, 20), { operators: step, signal: abort.signal })), 'no')
  t.strictSame(position(work), { position: 20, delivered: 20, ended: false })
})

t.test('source: while a save waits for the end of a batch, a transform stream is not ended', async t => {
  const work = new Workplace(t)
  let streams = 0
  const through = transform<Numbered, Numbered>(() => {
    streams += 1
    return new PassThrough({ objectMode: true })
  })
  const report = await resume(work, batches(100, 50), { waits: false, operators: through, every: 10 })
  t.ok(streams <= (report.checkpoint?.saves ?? 0) + 1, `${streams} streams`)
  t.equal(work.lines('out.ndjson').length, 100)
})

t.test('source: a run that an operator ends in the middle of a batch is finished', async t => {
  const work = new Workplace(t)
  const start = (whenFinished?: 'stop' | 'next') =>
    resume(work, batches(100, 20), {
      operators: take(7),
      ...(whenFinished && { checkpoint: { whenFinished } }),
    })
  t.match(await start(), { records: 7, source: { delivered: 7 } })
  t.match(await start('stop'), { records: 7, checkpoint: { found: 'finished' } })
})

t.test("source: whenFinished 'next' reads from where following() says", async t => {
  const work = new Workplace(t)
  const seen: unknown[] = []
  const night = async (count: number) => {
    const growing = source<Numbered, number>(
      'numbers',
      async function* ({ from = 0 }) {
        seen.push(from)
        if (from < count) yield { records: numbered(count).slice(from), position: count }
      },
      { following: (at, { overlap }) => at - overlap },
    )
    await resume(work, growing, { checkpoint: { whenFinished: 'next', overlap: 2 } })
    const numbers = numbersOf(work.lines('out.ndjson'))
    work.rename('out.ndjson', `${seen.length}.ndjson`)
    return numbers
  }
  t.strictSame(await night(0), [])
  t.strictSame(await night(5), [0, 1, 2, 3, 4])
  t.strictSame(await night(8), [3, 4, 5, 6, 7])
  t.strictSame(await night(8), [6, 7])
  t.strictSame(seen, [0, 0, 3, 6])
})

t.test(
  "source: whenFinished 'next' is refused without following(), and after a run that was cut short",
  async t => {
    const work = new Workplace(t)
    const read = () => [{ records: [{ n: 0 }, { n: 1 }], position: 2 }]
    const start = (more: object, following?: (position: unknown) => unknown) =>
      resume(work, source('numbers', read, { following }), more)
    const checkpoint = { whenFinished: 'next' } as const
    t.match(await failureOf(start({ checkpoint })), {
      code: 'OPTION',
      message: `source(): following: expected a function with checkpoint.whenFinished 'next', received none for "numbers"`,
    })
    await start({ operators: take(1) })
    t.match(await failureOf(start({ operators: take(1), checkpoint }, at => at)), {
      code: 'CHECKPOINT',
      message: /the last run was not read to its end, because an operator ended it/,
    })
    work.clear()
    await start({})
    for (const [following, message] of [
      [
        () => {
          throw boom
        },
        /following\(\) of "numbers" failed: boom/,
      ],
      [
        async () => 1,
        /following\(\) of "numbers" failed: its result must be plain JSON, found an object of class Promise/,
      ],
    ] as const) {
      t.match(await failureOf(start({ checkpoint }, following)), { code: 'CHECKPOINT', message })
    }
  },
)

t.test('source: a checkpoint of another name or other options is refused, and nothing is read', async t => {
  const work = new Workplace(t)
  const start = (name: string, origin: string, read: Read<number>) =>
    resume(work, source(name, read, { options: { origin } }))
  const failing = () => {
    throw boom
  }
  await failureOf(
    start('a', 'x', function* () {
      yield { records: [1], position: 1 }
      throw boom
    }),
  )
  for (const [name, origin, message] of [
    ['a', 'y', /source\.options\.origin was 'x' and is 'y' now/],
    ['b', 'x', /source\.source was 'a' and is 'b' now/],
  ] as const) {
    t.match(await failureOf(start(name, origin, failing)), { code: 'CHECKPOINT', message })
  }
})

t.test('source: a position is copied, so changing it later does not change what is saved', async t => {
  const work = new Workplace(t)
  const at = { page: 0 }
  const pages = source<Numbered, { page: number }>('pages', async function* () {
    for (const record of numbered(2)) {
      at.page += 1
      yield { records: [record], position: at }
    }
    at.page = 99
    throw boom
  })
  t.match(await failureOf(resume(work, pages)), { code: 'SOURCE' })
  t.match(position(work), { position: { page: 2 } })
})
