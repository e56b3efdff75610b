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
import { noted } from '../support/noted.ts'
import { turns } from '../support/turns.ts'

const boom = new Error('boom')
const never = () => new Promise<never>(() => {})

/** What a sink does at each call, besides noting it. */
type Conduct = Partial<Record<'open' | 'write' | 'prepare' | 'commit' | 'end', () => void | Promise<void>>>

/** A sink that notes what is asked of it. */
class Noting extends SinkWritable<unknown> {
  readonly calls: string[]
  readonly records: unknown[]
  /** What it was opened with last. */
  readonly openings: SinkOpening[]

  constructor(conduct: Conduct = {}, options: { highWaterMark?: number } = {}) {
    const calls: string[] = []
    const records: unknown[] = []
    const openings: SinkOpening[] = []
    const sinkRun: SinkRun = {
      write(record) {
        records.push(record)
        return conduct.write?.()
      },
      async prepare() {
        calls.push('prepare')
        await conduct.prepare?.()
        return {}
      },
      async commit() {
        calls.push('commit')
        await conduct.commit?.()
      },
      async end(how: Ending) {
        calls.push(`end ${how}`)
        await conduct.end?.()
      },
      counts: () => ({ received: records.length, acknowledged: records.length, bytes: 7 }),
      destination: 'nowhere',
    }
    super(
      {
        name: 'noting',
        async open(opening) {
          calls.push('open')
          openings.push(opening)
          await conduct.open?.()
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

/** Resolves when a sink is closed, whether it failed or not. */
async function closed(sink: Noting): Promise<void> {
  if (!sink.closed) await new Promise<void>(resolve => sink.once('close', resolve))
}

/** Values, and then none that comes. */
async function* pending(...values: unknown[]) {
  yield* values
  await never()
}

t.test('a sink in a plain pipeline is opened, written to, prepared and committed, once each', async t => {
  const sink = new Noting()
  t.strictSame(sink.calls, [], 'made, it touches nothing')
  await pipeline(Readable.from([1, 2, 3]), sink)
  t.strictSame(sink.calls, ['open', 'prepare', 'commit'])
  t.strictSame(sink.records, [1, 2, 3])
  t.ok(sink.writableFinished)
  await closed(sink)
  t.strictSame(sink.calls, ['open', 'prepare', 'commit'], 'what is committed is not ended')
})

t.test('a sink that is given nothing is opened at its end', async t => {
  const sink = new Noting()
  await pipeline(Readable.from([]), sink)
  t.strictSame(sink.calls, ['open', 'prepare', 'commit'])
})

t.test('a sink that is destroyed before its first record is never opened', async t => {
  const sink = new Noting()
  sink.destroy()
  await once(sink, 'close')
  t.strictSame(sink.calls, [])
})

t.test('a sink in a plain pipeline is opened without a state, and knows no time', async t => {
  const sink = new Noting()
  await pipeline([1], sink)
  const [opening] = sink.openings
  t.strictSame(Object.keys(opening ?? {}).sort(), ['at', 'fail'])
  t.equal(opening?.at(), undefined)
})

t.test('a sink’s counts are 0 until it is opened, and then what its stage counts', async t => {
  const sink = new Noting()
  t.strictSame(sink.counts, { received: 0, acknowledged: 0, bytes: 0 })
  t.equal(sink.destination, undefined)
  await pipeline([1, 2], sink)
  t.strictSame(sink.counts, { received: 2, acknowledged: 2, bytes: 7 })
  t.equal(sink.destination, 'nowhere')
})

t.test('a sink without room holds up what writes to it, and gets one record at a time', async t => {
  const property = fc.asyncProperty(
    fc.array(fc.nat(3), { minLength: 1, maxLength: 6 }),
    fc.nat(30),
    fc.integer({ min: 1, max: 5 }),
    async (waits, count, highWaterMark) => {
      let atOnce = 0
      const sink: Noting = new Noting(
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
  const full = new Noting({ write: never }, { highWaterMark: 2 })
  t.ok(full.write(1))
  t.notOk(full.write(2))
  await turns(3)
  t.strictSame(full.records, [1])
  full.destroy()
})

const failing: Record<string, { conduct: Conduct; calls: string[] }> = {
  'can’t be opened': { conduct: { open: () => Promise.reject(boom) }, calls: ['open'] },
  'throws at a write': {
    conduct: {
      write() {
        throw boom
      },
    },
    calls: ['open', 'end discard'],
  },
  'rejects at a write': { conduct: { write: () => Promise.reject(boom) }, calls: ['open', 'end discard'] },
  'can’t be prepared': {
    conduct: { prepare: () => Promise.reject(boom) },
    calls: ['open', 'prepare', 'end discard'],
  },
  'can’t be committed': {
    conduct: { commit: () => Promise.reject(boom) },
    calls: ['open', 'prepare', 'commit', 'end discard'],
  },
}

for (const [what, { conduct, calls }] of Object.entries(failing)) {
  t.test(`a sink that ${what} fails a plain pipeline, and discards what it has`, async t => {
    const unhandled = noted(t, 'unhandledRejection')
    const sink = new Noting(conduct)
    t.equal(await failureOf(pipeline(Readable.from([1, 2, 3]), sink)), boom)
    await closed(sink)
    await turns(2)
    t.strictSame(sink.calls, calls)
    t.strictSame(unhandled, [])
  })
}

t.test('a sink that fails at a record does not get those that wait behind it', async t => {
  for (const write of [
    () => {
      throw boom
    },
    () => Promise.reject(boom),
  ]) {
    const sink = new Noting({ write })
    sink.on('error', () => {})
    for (let n = 0; n < 5; n += 1) sink.write(n)
    sink.end()
    await closed(sink)
    t.strictSame(sink.records, [0])
    t.notOk(sink.calls.includes('prepare'))
  }
})

t.test('a sink that fails while nobody writes is destroyed with the error', async t => {
  const sink = new Noting()
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
  'destroyed at any moment, a sink is either committed or discarded, and closes behind that',
  async t => {
    const property = fc.asyncProperty(fc.nat(15), fc.nat(4), fc.boolean(), async (moment, count, fails) => {
      let isEnded = false
      const sink = new Noting({
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

t.test('destroyed behind its last record and before its end, a sink says so to who listens', async t => {
  const sink = new Noting({ prepare: () => turns(5) })
  const ending = failureOf(finished(sink))
  sink.write(1)
  sink.end()
  await turns(2)
  sink.destroy()
  t.match(await ending, { message: 'it was closed before its end' })
  t.strictSame(sink.calls, ['open', 'prepare', 'end discard'])
  const unheard = new Noting({ prepare: () => turns(5) })
  unheard.end(1)
  await turns(2)
  unheard.destroy()
  await closed(unheard)
  t.strictSame(unheard.calls, ['open', 'prepare', 'end discard'])
})

t.test('run uses the stage of a sink and not its stream, which finishes and closes at the end', async t => {
  const events: string[] = []
  const sink = new Noting()
  for (const event of ['finish', 'error', 'close']) sink.on(event, () => events.push(event))
  t.match(await run([1, 2], sink), { records: 2, sink: { received: 2, bytes: 7, destination: 'nowhere' } })
  t.strictSame(sink.calls, ['open', 'prepare', 'commit'])
  t.strictSame(sink.records, [1, 2])
  t.strictSame(events, ['finish', 'close'])
  t.ok(sink.closed)
  t.strictSame(sink.counts, { received: 2, acknowledged: 2, bytes: 7 })
})

t.test('a sink whose run fails elsewhere is discarded and closed, and does not finish', async t => {
  const events: string[] = []
  const sink = new Noting()
  for (const event of ['finish', 'error', 'close']) sink.on(event, () => events.push(event))
  const throwing = map(() => {
    throw boom
  })
  t.match(await failureOf(run([1], throwing, sink)), { code: 'OPERATOR', cause: boom })
  t.strictSame(sink.calls, ['open', 'end discard'])
  t.ok(sink.closed)
  await turns(1)
  t.strictSame(events, ['close'])
})

for (const [what, { conduct, calls }] of Object.entries(failing)) {
  t.test(`a sink that ${what} fails a run with SINK, and is closed`, async t => {
    const sink = new Noting(conduct)
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
  ['destroyed', (sink: Noting) => sink.destroy(), 'the sink failed: it was closed before its end'],
  ['destroyed with an error', (sink: Noting) => sink.destroy(boom), 'the sink failed: boom'],
  ['ended', (sink: Noting) => sink.end(), 'the sink failed: it was closed before its end'],
  ['written to', (sink: Noting) => sink.write(7), 'the sink failed: a run uses it'],
] as const) {
  t.test(`a sink that is ${what} from outside fails the run at once, wherever that waits`, async t => {
    for (const [where, start] of Object.entries<(sink: Noting) => Promise<unknown>>({
      'for the source': sink => run(pending(1), sink),
      'for a step': sink => run([1], map(never), sink),
      'for the sink': sink => run([1, 2, 3], sink),
    })) {
      const sink = new Noting(where === 'for the sink' ? { write: never } : {})
      const failure = failureOf(start(sink))
      await turns(10)
      act(sink)
      t.match(await failure, { code: 'SINK', message }, where)
      t.ok(sink.closed, where)
      t.strictSame(sink.calls, ['open', 'end discard'], where)
      t.notOk(sink.records.includes(7), where)
    }
  })
}

t.test('a sink whose run failed after its first record keeps its counts, and where it wrote', async t => {
  for (const failing of [
    (sink: Noting) =>
      run(
        [1, 2],
        sink.on('close', () => {}),
      ),
    (sink: Noting) =>
      run(
        [1, 2],
        map(value => {
          if (value === 2) sink.destroy()
          return value
        }),
        sink,
      ),
  ]) {
    const sink = new Noting({
      prepare() {
        throw boom
      },
    })
    await failureOf(failing(sink))
    t.match(sink.counts, { received: sink.records.length, bytes: 7 })
    t.equal(sink.destination, 'nowhere')
  }
})

t.test('a sink that is destroyed while the run prepares it is not committed', async t => {
  const sink: Noting = new Noting({
    async prepare() {
      sink.destroy()
      await turns(3)
    },
  })
  t.match(await failureOf(run([1], sink)), { code: 'SINK' })
  t.strictSame(sink.calls, ['open', 'prepare', 'end discard'])
  t.ok(sink.closed)
})

t.test('a sink that is destroyed while the run commits it is committed, and the run ends well', async t => {
  const sink: Noting = new Noting({
    async commit() {
      sink.destroy()
      await turns(3)
    },
  })
  t.match(await run([1], sink), { sink: { received: 1 } })
  t.strictSame(sink.calls, ['open', 'prepare', 'commit'])
  t.ok(sink.closed)
})

t.test('a sink is used once: by a pipeline or by a run', async t => {
  const used = { code: 'OPTION', message: /sink: / }
  const piped = new Noting()
  await pipeline([1], piped)
  t.match(await failureOf(run([1], piped)), used)
  const ran = new Noting()
  await run([1], ran)
  t.match(await failureOf(run([1], ran)), used)
  t.strictSame(ran.records, [1])
})

t.test('a sink whose run was refused before it began can still be used, in a run or a pipeline', async t => {
  const uses: ((values: number[], sink: Noting) => Promise<unknown>)[] = [run, pipeline]
  for (const use of uses) {
    const sink = new Noting()
    t.match(await failureOf(run([1], sink, { checkpoint: '/nowhere/at/all' })), { code: /CHECKPOINT|OPTION/ })
    t.notOk(sink.destroyed)
    await use([1], sink)
    t.strictSame(sink.records, [1])
  }
})

t.test('two sinks of one run: each is prepared before any is committed', async t => {
  const order: string[] = []
  const noting = (name: string) =>
    new Noting({
      prepare: () => void order.push(`prepare ${name}`),
      commit: () => void order.push(`commit ${name}`),
    })
  const [main, aside] = [noting('main'), noting('aside')]
  await run([{ guid: 'a' }, {}], validate({ onInvalid: 'quarantine', quarantine: aside }), main)
  t.strictSame(order, ['prepare main', 'prepare aside', 'commit main', 'commit aside'])
  t.strictSame([main.records.length, aside.records.length], [1, 1])
})
