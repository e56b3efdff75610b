import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Readable } from 'node:stream'
import { finished, pipeline } from 'node:stream/promises'
import fc from 'fast-check'
import t from 'tap'
import { map } from '../../lib/operators/map.ts'
import { validate } from '../../lib/operators/validate.ts'
import { run } from '../../lib/run/run.ts'
import type { Ending, SinkOpening, SinkRun } from '../../lib/stage/SinkStage.ts'
import { SinkWritable } from '../../lib/streams/SinkWritable.ts'
import { failureOf } from '../support/failureOf.ts'
import { processEvents } from '../support/processEvents.ts'
import { turns } from '../support/turns.ts'

const boom = new Error('boom')
const never = () => new Promise<never>(() => {})

/** What a sink does at each call, besides recording it. */
type Behaviour = Partial<Record<'open' | 'write' | 'prepare' | 'commit' | 'end', () => void | Promise<void>>>

/** A sink that records its calls. */
class RecordingSink extends SinkWritable<unknown> {
  readonly calls: string[]
  readonly records: unknown[]
  /** The argument of each open. */
  readonly openings: SinkOpening[]

  constructor(behaviour: Behaviour = {}, options: { highWaterMark?: number } = {}) {
    const calls: string[] = []
    const records: unknown[] = []
    const openings: SinkOpening[] = []
    const sinkRun: SinkRun = {
      write(record) {
        records.push(record)
        return behaviour.write?.()
      },
      async prepare() {
        calls.push('prepare')
        await behaviour.prepare?.()
        return {}
      },
      async commit() {
        calls.push('commit')
        await behaviour.commit?.()
      },
      async end(how: Ending) {
        calls.push(`end ${how}`)
        await behaviour.end?.()
      },
      counts: () => ({ received: records.length, acknowledged: records.length, bytes: 7 }),
      destination: 'nowhere',
    }
    super(
      {
        name: 'recording',
        async open(opening) {
          calls.push('open')
          openings.push(opening)
          await behaviour.open?.()
          return sinkRun
        },
      },
      options,
    )
    this.calls = calls
    this.records = records
    this.openings = openings
  }
}

/** Resolves when a sink is closed, even if it failed. */
async function closed(sink: RecordingSink): Promise<void> {
  if (!sink.closed) await new Promise<void>(resolve => sink.once('close', resolve))
}

/** Emits these values, then stays pending. */
async function* pending(...values: unknown[]) {
  yield* values
  await never()
}

t.test('SinkWritable: a plain pipeline opens, writes, prepares and commits it, once each', async t => {
  const sink = new RecordingSink()
  t.strictSame(sink.calls, [], 'it is not opened when it is created')
  await pipeline(Readable.from([1, 2, 3]), sink)
  t.strictSame(sink.calls, ['open', 'prepare', 'commit'])
  t.strictSame(sink.records, [1, 2, 3])
  t.ok(sink.writableFinished)
  await closed(sink)
  t.strictSame(sink.calls, ['open', 'prepare', 'commit'], 'end is not called after commit')
})

t.test('SinkWritable: it is opened at its end if there are no records', async t => {
  const sink = new RecordingSink()
  await pipeline(Readable.from([]), sink)
  t.strictSame(sink.calls, ['open', 'prepare', 'commit'])
})

t.test('SinkWritable: it is never opened if it is destroyed before its first record', async t => {
  const sink = new RecordingSink()
  sink.destroy()
  await once(sink, 'close')
  t.strictSame(sink.calls, [])
})

t.test('SinkWritable: a plain pipeline opens it without a state, and its `at` is undefined', async t => {
  const sink = new RecordingSink()
  await pipeline([1], sink)
  const [opening] = sink.openings
  t.strictSame(Object.keys(opening ?? {}).sort(), ['at', 'fail'])
  t.equal(opening?.at(), undefined)
})

t.test('SinkWritable: its counts are 0 until it is opened, then those of its stage', async t => {
  const sink = new RecordingSink()
  t.strictSame(sink.counts, { received: 0, acknowledged: 0, bytes: 0 })
  t.equal(sink.destination, undefined)
  await pipeline([1, 2], sink)
  t.strictSame(sink.counts, { received: 2, acknowledged: 2, bytes: 7 })
  t.equal(sink.destination, 'nowhere')
})

t.test('SinkWritable: without room it applies backpressure, and gets one record at a time', async t => {
  const property = fc.asyncProperty(
    fc.array(fc.nat(3), { minLength: 1, maxLength: 6 }),
    fc.nat(30),
    fc.integer({ min: 1, max: 5 }),
    async (waits, count, highWaterMark) => {
      let atOnce = 0
      const sink: RecordingSink = new RecordingSink(
        {
          write() {
            const wait = waits[sink.records.length % waits.length] as number
            assert.equal(atOnce, 0)
            if (wait === 0) return
            atOnce += 1
            return turns(wait - 1).then(() => {
              atOnce -= 1
            })
          },
        },
        { highWaterMark },
      )
      const values = Array.from({ length: count }, (_, n) => n)
      await pipeline(Readable.from(values), sink)
      assert.deepEqual(sink.records, values)
    },
  )
  await t.resolves(fc.assert(property, { numRuns: 60 }))
  const full = new RecordingSink({ write: never }, { highWaterMark: 2 })
  t.ok(full.write(1))
  t.notOk(full.write(2))
  await turns(3)
  t.strictSame(full.records, [1])
  full.destroy()
})

const failing: Record<string, { behaviour: Behaviour; calls: string[] }> = {
  'can’t be opened': { behaviour: { open: () => Promise.reject(boom) }, calls: ['open'] },
  'throws at a write': {
    behaviour: {
      write() {
        throw boom
      },
    },
    calls: ['open', 'end discard'],
  },
  'rejects at a write': { behaviour: { write: () => Promise.reject(boom) }, calls: ['open', 'end discard'] },
  'can’t be prepared': {
    behaviour: { prepare: () => Promise.reject(boom) },
    calls: ['open', 'prepare', 'end discard'],
  },
  'can’t be committed': {
    behaviour: { commit: () => Promise.reject(boom) },
    calls: ['open', 'prepare', 'commit', 'end discard'],
  },
}

for (const [what, { behaviour, calls }] of Object.entries(failing)) {
  t.test(`SinkWritable: one that ${what} fails a plain pipeline, and discards its output`, async t => {
    const unhandled = processEvents(t, 'unhandledRejection')
    const sink = new RecordingSink(behaviour)
    t.equal(await failureOf(pipeline(Readable.from([1, 2, 3]), sink)), boom)
    await closed(sink)
    await turns(2)
    t.strictSame(sink.calls, calls)
    t.strictSame(unhandled, [])
  })
}

t.test('SinkWritable: after a failing write it does not get the queued records', async t => {
  for (const write of [
    () => {
      throw boom
    },
    () => Promise.reject(boom),
  ]) {
    const sink = new RecordingSink({ write })
    sink.on('error', () => {})
    for (let n = 0; n < 5; n += 1) sink.write(n)
    sink.end()
    await closed(sink)
    t.strictSame(sink.records, [0])
    t.notOk(sink.calls.includes('prepare'))
  }
})

t.test('SinkWritable: one that fails between two writes is destroyed with the error', async t => {
  const sink = new RecordingSink()
  const silent = new Readable({ objectMode: true, read() {} })
  silent.push(1)
  const failure = failureOf(pipeline(silent, sink))
  while (sink.records.length === 0) await turns(1)
  sink.openings[0]?.fail(boom)
  t.equal(await failure, boom)
  await closed(sink)
  t.strictSame(sink.calls, ['open', 'end discard'])
})

t.test(
  'SinkWritable: destroyed at any time, it is either committed or discarded, and closes afterwards',
  async t => {
    const property = fc.asyncProperty(fc.nat(15), fc.nat(4), fc.boolean(), async (moment, count, fails) => {
      let isEnded = false
      const sink = new RecordingSink({
        open: () => turns(1),
        write: () => turns(1),
        prepare: () => turns(2),
        async end() {
          await turns(2)
          isEnded = true
        },
      })
      sink.on('error', () => {})
      for (let n = 0; n < count; n += 1) sink.write(n)
      sink.end()
      await turns(moment)
      sink.destroy(fails ? boom : undefined)
      await closed(sink)
      const isCommitted = sink.calls.includes('commit')
      if (sink.calls.length > 0) assert.notEqual(isCommitted, isEnded, sink.calls.join(', '))
    })
    await t.resolves(fc.assert(property, { numRuns: 80 }))
  },
)

t.test(
  'SinkWritable: destroyed after its last record and before its end, it reports a premature close',
  async t => {
    const sink = new RecordingSink({ prepare: () => turns(5) })
    const ending = failureOf(finished(sink))
    sink.write(1)
    sink.end()
    await turns(2)
    sink.destroy()
    t.match(await ending, { message: 'it was closed before its end' })
    t.strictSame(sink.calls, ['open', 'prepare', 'end discard'])
    const withoutListener = new RecordingSink({ prepare: () => turns(5) })
    withoutListener.end(1)
    await turns(2)
    withoutListener.destroy()
    await closed(withoutListener)
    t.strictSame(withoutListener.calls, ['open', 'prepare', 'end discard'])
  },
)

t.test('SinkWritable: run uses its stage, and its stream only finishes and closes at the end', async t => {
  const events: string[] = []
  const sink = new RecordingSink()
  for (const event of ['finish', 'error', 'close']) sink.on(event, () => events.push(event))
  t.match(await run([1, 2], sink), { records: 2, sink: { received: 2, bytes: 7, destination: 'nowhere' } })
  t.strictSame(sink.calls, ['open', 'prepare', 'commit'])
  t.strictSame(sink.records, [1, 2])
  t.strictSame(events, ['finish', 'close'])
  t.ok(sink.closed)
  t.strictSame(sink.counts, { received: 2, acknowledged: 2, bytes: 7 })
})

t.test(
  'SinkWritable: if its run fails elsewhere, it is discarded and closed, and does not finish',
  async t => {
    const events: string[] = []
    const sink = new RecordingSink()
    for (const event of ['finish', 'error', 'close']) sink.on(event, () => events.push(event))
    const throwing = map(() => {
      throw boom
    })
    t.match(await failureOf(run([1], throwing, sink)), { code: 'OPERATOR', cause: boom })
    t.strictSame(sink.calls, ['open', 'end discard'])
    t.ok(sink.closed)
    await turns(1)
    t.strictSame(events, ['close'])
  },
)

for (const [what, { behaviour, calls }] of Object.entries(failing)) {
  t.test(`SinkWritable: one that ${what} fails a run with SINK, and is closed`, async t => {
    const sink = new RecordingSink(behaviour)
    t.match(await failureOf(run([1, 2], sink)), {
      code: 'SINK',
      message: 'the sink failed: boom',
      cause: boom,
    })
    t.ok(what === 'can’t be opened' || sink.closed)
    t.strictSame(sink.calls, calls)
    t.notOk(sink.writableFinished)
  })
}

for (const [what, act, message] of [
  ['destroyed', (sink: RecordingSink) => sink.destroy(), 'the sink failed: it was closed before its end'],
  ['destroyed with an error', (sink: RecordingSink) => sink.destroy(boom), 'the sink failed: boom'],
  ['ended', (sink: RecordingSink) => sink.end(), 'the sink failed: it was closed before its end'],
  ['written to', (sink: RecordingSink) => sink.write(7), 'the sink failed: a run uses it'],
] as const) {
  t.test(
    `SinkWritable: one that is ${what} from outside fails the run at once, whatever the run waits for`,
    async t => {
      for (const [where, start] of Object.entries<(sink: RecordingSink) => Promise<unknown>>({
        'for the source': sink => run(pending(1), sink),
        'for a step': sink => run([1], map(never), sink),
        'for the sink': sink => run([1, 2, 3], sink),
      })) {
        const sink = new RecordingSink(where === 'for the sink' ? { write: never } : {})
        const failure = failureOf(start(sink))
        await turns(10)
        act(sink)
        t.match(await failure, { code: 'SINK', message }, where)
        t.ok(sink.closed, where)
        t.strictSame(sink.calls, ['open', 'end discard'], where)
        t.notOk(sink.records.includes(7), where)
      }
    },
  )
}

t.test('SinkWritable: after a run that failed it keeps its counts and its destination', async t => {
  for (const failing of [
    (sink: RecordingSink) =>
      run(
        [1, 2],
        sink.on('close', () => {}),
      ),
    (sink: RecordingSink) =>
      run(
        [1, 2],
        map(value => {
          if (value === 2) sink.destroy()
          return value
        }),
        sink,
      ),
  ]) {
    const sink = new RecordingSink({
      prepare() {
        throw boom
      },
    })
    await failureOf(failing(sink))
    t.match(sink.counts, { received: sink.records.length, bytes: 7 })
    t.equal(sink.destination, 'nowhere')
  }
})

t.test('SinkWritable: destroyed while the run prepares it, it is not committed', async t => {
  const sink: RecordingSink = new RecordingSink({
    async prepare() {
      sink.destroy()
      await turns(3)
    },
  })
  t.match(await failureOf(run([1], sink)), { code: 'SINK' })
  t.strictSame(sink.calls, ['open', 'prepare', 'end discard'])
  t.ok(sink.closed)
})

t.test('SinkWritable: destroyed while the run commits it, it is committed, and the run succeeds', async t => {
  const sink: RecordingSink = new RecordingSink({
    async commit() {
      sink.destroy()
      await turns(3)
    },
  })
  t.match(await run([1], sink), { sink: { received: 1 } })
  t.strictSame(sink.calls, ['open', 'prepare', 'commit'])
  t.ok(sink.closed)
})

t.test('SinkWritable: it can be used once, by a pipeline or by a run', async t => {
  const used = { code: 'OPTION', message: /sink: / }
  const piped = new RecordingSink()
  await pipeline([1], piped)
  t.match(await failureOf(run([1], piped)), used)
  const ran = new RecordingSink()
  await run([1], ran)
  t.match(await failureOf(run([1], ran)), used)
  t.strictSame(ran.records, [1])
})

t.test(
  'SinkWritable: if its run was refused before it began, it can be used by another run or a pipeline',
  async t => {
    const uses: ((values: number[], sink: RecordingSink) => Promise<unknown>)[] = [run, pipeline]
    for (const use of uses) {
      const sink = new RecordingSink()
      t.match(await failureOf(run([1], sink, { checkpoint: '/nowhere/at/all' })), {
        code: /CHECKPOINT|OPTION/,
      })
      t.notOk(sink.destroyed)
      await use([1], sink)
      t.strictSame(sink.records, [1])
    }
  },
)

t.test('SinkWritable: each of the two sinks of a run is prepared before any is committed', async t => {
  const order: string[] = []
  const recording = (name: string) =>
    new RecordingSink({
      prepare: () => void order.push(`prepare ${name}`),
      commit: () => void order.push(`commit ${name}`),
    })
  const [main, quarantine] = [recording('main'), recording('quarantine')]
  await run([{ guid: 'a' }, {}], validate({ onInvalid: 'quarantine', quarantine }), main)
  t.strictSame(order, ['prepare main', 'prepare quarantine', 'commit main', 'commit quarantine'])
  t.strictSame([main.records.length, quarantine.records.length], [1, 1])
})
