import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import fc from 'fast-check'
import t from 'tap'
import {
  LeadpipeError,
  map,
  type OpenOptions,
  type RunError,
  run,
  type SinkUse,
  sink,
  source,
  validate,
} from '../../lib/index.ts'
import { failureOf } from '../support/failureOf.ts'
import { type Numbered, numbered } from '../support/numbered.ts'
import { turns } from '../support/turns.ts'
import { Workplace } from '../support/Workplace.ts'

const boom = new Error('boom')
const throwBoom = () => {
  throw boom
}

/** Records that are read in one batch, and can be resumed after it. */
const records = (count: number) =>
  source<Numbered, true>('numbers', function* ({ from }) {
    if (!from) yield { records: numbered(count), position: true }
  })

/** A sink that notes each call. `parts` replaces functions of it, or leaves them out. */
function noting(parts: Partial<SinkUse<unknown>> = {}, options: { files?: string[] } = {}) {
  const calls: unknown[] = []
  const opened: OpenOptions[] = []
  const stage = sink<unknown>(
    'notes',
    opening => {
      opened.push(opening)
      calls.push(['open', opening.state])
      let written = 0
      return {
        write(record) {
          written += 1
          calls.push(['write', (record as Numbered).n])
        },
        flush() {
          calls.push(['flush'])
          return written
        },
        commit: () => calls.push(['commit']),
        end: how => calls.push(['end', how]),
        ...parts,
      }
    },
    options,
  )
  return { stage, calls, opened }
}

t.test('sink: run opens it, writes each record, and then flushes, commits and ends', async t => {
  const { stage, calls, opened } = noting()
  const report = await run(numbered(2), stage)
  t.strictSame(calls, [
    ['open', undefined],
    ['write', 0],
    ['write', 1],
    ['flush'],
    ['commit'],
    ['end', 'done'],
  ])
  t.strictSame(report.sink, { name: 'notes', received: 2, acknowledged: 2 })
  t.equal(report.records, 2)
  t.equal(opened[0]?.signal.aborted, false)
})

t.test('sink: prepare is called in place of flush at the end; write alone is enough', async t => {
  const { stage, calls } = noting({ prepare: () => calls.push(['prepare']) })
  await run(numbered(1), stage)
  t.strictSame(calls.slice(2), [['prepare'], ['commit'], ['end', 'done']])
  const seen: Numbered[] = []
  const report = await run(
    numbered(3),
    sink<Numbered>('least', () => ({ write: record => seen.push(record) })),
  )
  t.strictSame(seen, numbered(3))
  t.match(report, { records: 3, sink: { received: 3, acknowledged: 3 } })
})

t.test('sink: its stream works in a plain pipeline', async t => {
  const { stage, calls } = noting()
  await pipeline(Readable.from(numbered(1)), stage)
  t.strictSame(calls, [['open', undefined], ['write', 0], ['flush'], ['commit'], ['end', 'done']])
  t.match(stage.counts, { received: 1, acknowledged: 1 })
})

t.test('sink: a stream that is destroyed ends what was opened, once, and aborts the signal', async t => {
  for (const writes of [0, 1]) {
    const { stage, calls, opened } = noting()
    for (const record of numbered(writes)) stage.write(record)
    await turns(3)
    stage.destroy()
    await new Promise(resolve => stage.once('close', resolve))
    t.strictSame(calls.slice(2), writes === 0 ? [] : [['end', 'discard']])
    if (writes > 0) t.ok(opened[0]?.signal.aborted)
  }
})

t.test('sink: its functions are called one at a time, in the order of the run, sync or not', async t => {
  const pauses = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 30 })
  await fc.assert(
    fc.asyncProperty(pauses, fc.boolean(), async (pauses, isPiped) => {
      let running = 0
      const seen: number[] = []
      const work = (pause: number): void | Promise<void> => {
        running += 1
        t.equal(running, 1)
        if (pause > 0) {
          return turns(pause).then(() => {
            running -= 1
          })
        }
        running -= 1
      }
      const slow = sink<number>('slow', async () => {
        await work(1)
        return {
          write(pause) {
            seen.push(pause)
            return work(pause)
          },
          flush: () => work(2),
          commit: () => work(0),
          end: () => work(3),
        }
      })
      if (isPiped) await pipeline(Readable.from(pauses), slow)
      else await run(pauses, slow)
      t.strictSame(seen, pauses)
      t.match(slow.counts, { received: pauses.length, acknowledged: pauses.length })
    }),
    { numRuns: 30 },
  )
})

t.test('sink: while a checkpoint is being saved, records wait for the flush', async t => {
  const work = new Workplace(t)
  let isFlushing = false
  let overlaps = 0
  const stage = sink<Numbered>('slow', () => ({
    write() {
      if (isFlushing) overlaps += 1
    },
    async flush() {
      isFlushing = true
      await turns(5)
      isFlushing = false
    },
  }))
  const singles = source<Numbered, number>('singles', function* ({ from = 0 }) {
    for (const record of numbered(50).slice(from)) yield { records: [record], position: record.n + 1 }
  })
  const report = await run(singles, stage, { checkpoint: { path: work.checkpoint, every: { leads: 5 } } })
  t.equal(overlaps, 0)
  t.match(report, { records: 50, sink: { acknowledged: 50 } })
  t.ok((report.checkpoint?.saves ?? 0) > 3)
})

t.test('sink: a record is acknowledged only when flush or prepare has settled', async t => {
  const { stage } = noting({ flush: throwBoom })
  const failure = (await failureOf(run(numbered(3), stage))) as RunError
  t.match(failure, { code: 'SINK', message: 'the sink "notes" failed: boom', cause: boom })
  t.match(failure.report, { records: 0, sink: { received: 3, acknowledged: 0 } })
})

t.test('sink: its own numbers are in the report, but not in place of those that leadpipe counts', async t => {
  const counts = () => ({ bytes: 7, received: 99, acknowledged: 99, text: 'no' }) as never
  const report = await run(numbered(2), noting({ counts }).stage)
  t.strictSame(report.sink, { name: 'notes', bytes: 7, received: 2, acknowledged: 2 })
  t.match(await failureOf(run(numbered(2), noting({ counts: throwBoom }).stage)), {
    code: 'SINK',
    message: 'the sink "notes" failed: boom',
  })
})

t.test('sink: without flush, a run with a checkpoint is refused, and nothing is written', async t => {
  const work = new Workplace(t)
  const { stage, calls } = noting({ flush: undefined })
  t.match(await failureOf(run(records(3), stage, { checkpoint: work.checkpoint })), {
    code: 'OPTION',
    message:
      'sink(): flush: expected a function that returns the state, with checkpoint, received none from open() of "notes"',
  })
  t.strictSame(calls, [
    ['open', undefined],
    ['end', 'discard'],
  ])
  t.strictSame(work.names, [])
})

t.test('sink: a failure of any of its functions is a SINK error that names it', async t => {
  const error = { code: 'SINK', message: 'the sink "notes" failed: boom', cause: boom }
  for (const name of ['write', 'flush', 'commit', 'end'] as const) {
    for (const failing of [throwBoom, () => turns(2).then(throwBoom)]) {
      t.match(await failureOf(run(numbered(3), noting({ [name]: failing }).stage)), error, name)
      const piped = pipeline(Readable.from(numbered(3)), noting({ [name]: failing }).stage)
      t.match(await failureOf(piped), error, `${name} in a pipeline`)
    }
  }
  for (const open of [throwBoom, () => turns(2).then(throwBoom)]) {
    t.match(await failureOf(run(numbered(3), sink<Numbered>('notes', open))), error, 'open')
  }
  const own = new LeadpipeError('NETWORK', 'no connection')
  t.equal(
    ((await failureOf(run(numbered(3), noting({ write: () => Promise.reject(own) }).stage))) as RunError)
      .code,
    'NETWORK',
  )
})

t.test('sink: a state that is not plain JSON is a SINK error, and no checkpoint is saved', async t => {
  const work = new Workplace(t)
  const { stage } = noting({ flush: () => new Map() })
  t.match(await failureOf(run(records(3), stage, { checkpoint: work.checkpoint })), {
    code: 'SINK',
    message: 'the sink "notes" failed: the state must be plain JSON, found an object of class Map',
  })
  t.strictSame(work.names, [])
})

t.test('sink: an open that returns no sink is an OPTION error', async t => {
  for (const [returned, message] of [
    [
      undefined,
      'sink(): the result of open(): expected an object with the function write, received a value of type undefined',
    ],
    [
      {},
      'sink(): the result of open(): expected an object with the function write, received a value of type object',
    ],
    [
      null,
      'sink(): the result of open(): expected an object with the function write, received a value of type object',
    ],
    [{ write: 1 }, 'sink(): the result of open(): write: expected a function, received 1'],
    [{ write() {}, flush: 'no' }, "sink(): the result of open(): flush: expected a function, received 'no'"],
    [
      new Date(),
      'sink(): the result of open(): expected an object with the function write, received a value of type object',
    ],
    [
      { write() {}, flsh() {} },
      'sink(): the result of open(): unknown option "flsh"; expected one of write, flush, prepare, commit, end, counts',
    ],
  ] as const) {
    const stage = sink<Numbered>('a', (() => returned) as never)
    t.match(await failureOf(run(numbered(1), stage)), { code: 'OPTION', message })
  }
})

t.test('sink: wrong arguments are OPTION errors before anything happens', async t => {
  const open = () => ({ write() {} })
  for (const [given, message] of [
    [['', open], "sink(): name: expected a name, such as 'contacts', received ''"],
    [['a'], 'sink(): open: expected a function, received undefined'],
    [['a', open, { files: 'a' }], "sink(): files: expected a list of paths, received 'a'"],
    [['a', open, { files: [''] }], "sink(): files: expected a list of paths, received [ '' ]"],
    [['a', open, { destination: 1 }], 'sink(): destination: expected a text that is not empty, received 1'],
    [
      ['a', open, { claims: [] }],
      'sink(): unknown option "claims"; expected one of options, files, destination',
    ],
    [
      ['a', open, { options: new Set() }],
      'sink(): options: expected plain JSON, received those of "a": the options must be plain JSON, found an object of class Set',
    ],
  ] as const) {
    t.throws(() => (sink as (...given: unknown[]) => unknown)(...given), { code: 'OPTION', message })
  }
})

t.test('sink: it is not opened if the source fails before its first record', async t => {
  const work = new Workplace(t)
  for (const options of [{}, { checkpoint: work.checkpoint }]) {
    const { stage, calls } = noting()
    t.match(await failureOf(run(source<Numbered>('failing', throwBoom), stage, options)), { code: 'SOURCE' })
    t.strictSame(calls, [])
  }
})

t.test('sink: how it ended is said: discard without a checkpoint, leave with one', async t => {
  const discarded = noting()
  const failing = (function* () {
    yield { n: 0 }
    throw boom
  })()
  await failureOf(run(failing, discarded.stage))
  t.strictSame(discarded.calls.at(-1), ['end', 'discard'])
  const work = new Workplace(t)
  const left = noting()
  const batches = source<Numbered, number>('numbers', function* () {
    yield { records: numbered(3), position: 3 }
    throw boom
  })
  await failureOf(run(batches, left.stage, { checkpoint: work.checkpoint }))
  t.strictSame(left.calls.at(-1), ['end', 'leave'])
  t.match(work.saved, { state: { sinks: { sink: { records: 3, state: 3 } } } })
  const unwritten = noting()
  work.clear()
  await failureOf(run(records(3), map(throwBoom), unwritten.stage, { checkpoint: work.checkpoint }))
  t.strictSame(unwritten.calls.at(-1), ['end', 'leave'], 'the checkpoint has its state, without a record')
})

t.test('sink: a restart opens it with the state of the checkpoint, and the counts continue', async t => {
  const work = new Workplace(t)
  const start = (stage: ReturnType<typeof noting>['stage'], isWhole: boolean) =>
    run(
      source<Numbered, number>('numbers', function* ({ from = 0 }) {
        if (from === 0) yield { records: numbered(3), position: 3 }
        if (!isWhole) throw boom
        yield { records: numbered(5).slice(3), position: 5 }
      }),
      stage,
      { checkpoint: work.checkpoint },
    )
  t.match(await failureOf(start(noting().stage, false)), { code: 'SOURCE' })
  const { stage, calls } = noting()
  const report = await start(stage, true)
  t.strictSame(calls.slice(0, 4), [['open', 3], ['flush'], ['write', 3], ['write', 4]])
  t.match(report, { read: 5, records: 5, sink: { received: 5, acknowledged: 5 } })
})

t.test('sink: after a crash between prepare and commit, a restart only opens, commits and ends', async t => {
  const work = new Workplace(t)
  const start = (parts: Partial<SinkUse<unknown>>) => {
    const notes = noting(parts)
    const outcome = run(records(3), notes.stage, { checkpoint: work.checkpoint })
    return { ...notes, outcome }
  }
  for (const failing of [{ commit: throwBoom }, { end: throwBoom }]) {
    const { outcome } = start(failing)
    t.match(await failureOf(outcome), { code: 'SINK', message: 'the sink "notes" failed: boom' })
    t.equal(work.saved.phase, 'prepared')
  }
  const { outcome, calls } = start({})
  t.match(await outcome, { records: 3, checkpoint: { found: 'complete' } })
  t.strictSame(calls, [['open', 3], ['commit'], ['end', 'done']])
  t.equal(work.saved.phase, 'committed')
})

t.test('sink: its files are claimed: no other output may be one of them', async t => {
  const work = new Workplace(t)
  const path = work.file('out.ndjson')
  const named = () => noting({}, { files: [path] })
  const quarantine = validate({ onInvalid: 'quarantine', quarantine: path })
  t.match(await failureOf(run(records(1), quarantine, named().stage)), {
    code: 'OPTION',
    message: /expected a different file for each output/,
  })
  const missing = noting({}, { files: [join(work.path, 'no', 'a.db')] })
  t.match(await failureOf(run(records(1), missing.stage)), {
    code: 'SINK',
    message: /can't write .*no\/a\.db/,
  })
  t.strictSame(missing.calls, [])
  t.match(await run(records(1), named().stage), { sink: { destination: path } })
  let other: unknown
  const holding = noting(
    {
      write: async () => {
        other ??= await failureOf(
          run(records(1), named().stage, { checkpoint: work.file('other.checkpoint.json') }),
        )
      },
    },
    { files: [path] },
  )
  await run(records(1), holding.stage, { checkpoint: work.checkpoint })
  t.match(other, { code: 'SINK', message: /another run writes to it/ })
})

t.test('sink: a checkpoint of other files or other options is refused', async t => {
  const work = new Workplace(t)
  const start = (file: string, options?: object) =>
    run(
      records(1),
      sink<Numbered>('a', () => ({ write: throwBoom, flush() {} }), { files: [work.file(file)], options }),
      { checkpoint: work.checkpoint },
    )
  t.match(await failureOf(start('a.db')), { code: 'SINK' })
  t.match(await failureOf(start('b.db')), { code: 'CHECKPOINT', message: /sink\.files\.0 was/ })
  t.match(await failureOf(start('a.db', { table: 'b' })), {
    code: 'CHECKPOINT',
    message: /sink\.options was absent/,
  })
})

t.test('sink: it can be a quarantine, which a failed run keeps if it has records', async t => {
  const invalid = { no: 'guid' }
  for (const given of [[invalid], [] as object[]]) {
    const calls: unknown[] = []
    const quarantine = sink<{ raw: string }>('rejected', () => ({
      write: ({ raw }) => calls.push(raw),
      flush: () => calls.push('flush'),
      commit: () => calls.push('commit'),
      end: how => calls.push(how),
    }))
    const failing = (function* () {
      yield* given
      throw boom
    })()
    t.match(
      await failureOf(run(failing, validate({ onInvalid: 'quarantine', quarantine }), noting().stage)),
      { code: 'SOURCE' },
    )
    t.strictSame(calls, given.length === 0 ? [] : ['{"no":"guid"}', 'flush', 'commit', 'done'])
  }
})
