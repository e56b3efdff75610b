import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import fc from 'fast-check'
import t from 'tap'
import { withClock } from '../../../lib/http/Clock.ts'
import { run } from '../../../lib/run/run.ts'
import { toArray } from '../../../lib/sinks/toArray.ts'
import { toHttp } from '../../../lib/sinks/toHttp.ts'
import { eventually } from '../../support/eventually.ts'
import { FakeClock } from '../../support/FakeClock.ts'
import { failureOf } from '../../support/failureOf.ts'
import { instantClock } from '../../support/instantClock.ts'
import { numbered, numbersOf } from '../../support/numbered.ts'
import { processEvents } from '../../support/processEvents.ts'
import { receive } from '../../support/receive.ts'
import { turns } from '../../support/turns.ts'
import { watchSockets } from '../../support/watchSockets.ts'

const boom = new Error('boom')

const unhandled = processEvents(t, 'unhandledRejection', 'uncaughtException')

const scenario = fc.record({
  how: fc.constantFrom(
    'destroy',
    'destroy with an error',
    'signal',
    'signal of run',
    'dead letters',
    'nothing',
  ),
  moment: fc.nat(120),
  mood: fc.array(
    fc.constantFrom(
      'accept',
      'silent',
      '500',
      '422',
      '413',
      'endless',
      'reset',
      'slow',
    ) as fc.Arbitrary<string>,
    { minLength: 1, maxLength: 8 },
  ),
  inRun: fc.boolean(),
  concurrency: fc.integer({ min: 1, max: 4 }),
  compression: fc.constantFrom('none' as const, 'gzip' as const),
  /** Whether the waits between attempts, and for a batch, last until the test ends them. */
  hold: fc.boolean(),
})

t.test('toHttp: destroyed at any moment, it leaves no socket, timer or unhandled rejection', async t => {
  let mood: string[] = []
  let turn = 0
  const accepted = new Set<number>()
  const { origin, connections } = await receive(t, ({ records }, response) => {
    const next = mood[turn++ % mood.length]
    if (next === 'silent') return
    if (next === 'reset') return void response.socket?.destroy()
    if (next === '500' || next === '422' || (next === '413' && records.length > 1)) {
      return void response.writeHead(Number(next)).end('no')
    }
    for (const n of numbersOf(records)) accepted.add(n)
    if (next === 'slow') return void turns(20).then(() => response.end())
    if (next === 'endless') return void response.write('x')
    response.end()
  })
  const timers = () => process.getActiveResourcesInfo().filter(name => name === 'Timeout').length
  const before = timers()
  const outcomes = new Map<string, number>()

  const property = fc.asyncProperty(scenario, async given => {
    const { how, moment, inRun, concurrency, compression, hold } = given
    // A sink that is not destroyed must be able to finish.
    mood = how === 'nothing' ? given.mood.filter(one => one !== 'silent' && one !== 'endless') : given.mood
    if (mood.length === 0 || how === 'nothing') mood = [...mood, 'accept']
    turn = 0
    accepted.clear()
    const controller = new AbortController()
    const deadLetter = toArray({ max: 100 })
    const clock = new FakeClock()
    clock.hold = hold && how !== 'nothing'
    const sink = toHttp(
      origin,
      withClock(
        {
          signal: controller.signal,
          concurrency,
          compression,
          batch: { records: 3, ...(hold ? { milliseconds: 5 } : {}) },
          retry: { retries: 100 },
          onRefused: 'dead-letter',
          deadLetter,
        },
        clock.hold ? clock : instantClock,
      ),
    )
    const own = new AbortController()
    const options = how === 'signal of run' ? { signal: own.signal } : {}
    const running = inRun
      ? run(numbered(40), sink, options)
      : pipeline(Readable.from(numbered(40)), sink, options)
    let ended = false
    const ending = Promise.resolve(running)
      .then(
        () => undefined,
        (error: unknown) => error,
      )
      .finally(() => {
        ended = true
      })
    for (let now = 0; now < moment && !ended; now += 1) await turns(1)
    if (how === 'destroy') sink.destroy()
    if (how === 'destroy with an error') sink.destroy(boom)
    if (how === 'signal') controller.abort(boom)
    if (how === 'signal of run') own.abort(boom)
    if (how === 'dead letters') deadLetter.destroy()
    // A closed deadLetter is noticed at its first write or at the end, which may not be reached.
    if (how === 'dead letters' && !ended) {
      await turns(3)
      sink.destroy()
    }
    const error = await ending

    outcomes.set(
      error === undefined ? 'done' : how,
      (outcomes.get(error === undefined ? 'done' : how) ?? 0) + 1,
    )
    const { received, acknowledged, refused } = sink.counts
    if (how === 'nothing') assert.equal(error, undefined, String(error))
    if (error === undefined) assert.equal(acknowledged, 40)
    assert.ok(acknowledged <= received)
    assert.ok(acknowledged - refused <= accepted.size, 'no record is acknowledged that was not accepted')
    // An abort before the run has begun rejects it: nothing was opened, and the sink stays usable.
    if (inRun && how === 'signal' && moment === 0) sink.destroy()
    assert.equal(await eventually(() => sink.closed, true), true)
    assert.equal(await eventually(() => deadLetter.closed, true), true, 'its deadLetter is closed as well')
    if (how !== 'dead letters') assert.equal(deadLetter.records.length, refused)
    assert.equal(await eventually(connections, 0), 0, 'no connection is left open')
  })
  await t.resolves(fc.assert(property, { numRuns: 100 }))
  t.ok(outcomes.size > 4, JSON.stringify([...outcomes]))
  t.equal(await eventually(timers, before), before)
  t.strictSame(unhandled, [])
})

t.test('toHttp: an abort of its signal fails a pipeline with the reason', async t => {
  const { origin, server } = await receive(t, () => {})
  const sockets = watchSockets(server)
  const controller = new AbortController()
  const sink = toHttp(origin, { signal: controller.signal, batch: { records: 1 } })
  const ending = failureOf(pipeline(Readable.from(numbered(10)), sink))
  await eventually(() => sockets.open.size > 0, true)
  controller.abort(boom)
  t.equal(await ending, boom)
  await sockets.allClosed()
})

t.test('toHttp: a signal that is aborted already fails the sink before the first request', async t => {
  const { origin, arrivals } = await receive(t)
  const signal = AbortSignal.abort(boom)
  t.equal(await failureOf(pipeline(Readable.from([1]), toHttp(origin, { signal }))), boom)
  t.equal(await failureOf(run([1], toHttp(origin, { signal }))), boom)
  t.strictSame(arrivals, [])
})

t.test('toHttp: destroyed between its last record and the response, it is a SINK error', async t => {
  const { origin, arrivals } = await receive(t, () => {})
  const sink = toHttp(origin)
  const ending = failureOf(pipeline(Readable.from(numbered(3)), sink))
  await eventually(() => arrivals.length, 1)
  sink.destroy()
  t.match(await ending, {
    code: 'SINK',
    message: /it was closed before its end; of 3 records received, 0 were/,
  })
})

t.test('toHttp: destroyed unused, it closes', async t => {
  const sink = toHttp('http://127.0.0.1:1')
  sink.destroy()
  t.equal(await eventually(() => sink.closed, true), true)
})
