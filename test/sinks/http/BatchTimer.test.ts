import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import t from 'tap'
import { type Clock, withClock } from '../../../lib/http/Clock.ts'
import { toHttp } from '../../../lib/sinks/toHttp.ts'
import { eventually } from '../../support/eventually.ts'
import { numbered, numbersOf } from '../../support/numbered.ts'
import { accept, receive } from '../../support/receive.ts'
import { turns } from '../../support/turns.ts'

/** A clock whose waits the test ends. */
function manualClock() {
  const waits: { milliseconds: number; end(): void; signal: AbortSignal | undefined }[] = []
  const clock: Clock = {
    now: () => 0,
    monotonic: () => 0,
    random: () => 0,
    wait: (milliseconds, signal) =>
      new Promise((resolve, reject) => {
        waits.push({ milliseconds, end: resolve, signal })
        signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
      }),
  }
  return { clock, waits, open: () => waits.filter(({ signal }) => !signal?.aborted).length }
}

t.test('toHttp: batch.milliseconds sends an incomplete batch; the next one waits again', async t => {
  const { origin, arrivals } = await receive(t)
  const { clock, waits, open } = manualClock()
  const sink = toHttp(origin, withClock({ batch: { milliseconds: 200 } }, clock))
  for (const record of numbered(3)) sink.write(record)
  await turns(5)
  t.strictSame(
    waits.map(({ milliseconds }) => milliseconds),
    [200],
  )
  waits[0]?.end()
  t.equal(await eventually(() => sink.counts.acknowledged, 3), 3)
  t.equal(open(), 0)
  sink.write({ n: 3 })
  await turns(5)
  t.equal(waits.length, 2)
  sink.end()
  t.equal(await eventually(() => sink.closed, true), true)
  t.strictSame(
    arrivals.map(({ records }) => numbersOf(records)),
    [[0, 1, 2], [3]],
  )
  t.equal(open(), 0, 'no wait is left')
})

t.test('toHttp: a full batch ends the wait of batch.milliseconds', async t => {
  const { origin, arrivals } = await receive(t)
  const { clock, waits, open } = manualClock()
  const sink = toHttp(origin, withClock({ batch: { records: 2, milliseconds: 200 } }, clock))
  for (const record of numbered(5)) sink.write(record)
  t.equal(await eventually(() => arrivals.length, 2), 2)
  t.equal(open(), 1, 'only the fifth record waits')
  waits.at(-1)?.end()
  t.equal(await eventually(() => arrivals.length, 3), 3)
  sink.destroy()
  await eventually(() => sink.closed, true)
})

t.test('toHttp: while no request can be sent, a batch that has waited continues to fill', async t => {
  const held: (() => void)[] = []
  const { origin, arrivals } = await receive(t, (arrival, response) => {
    held.push(() => accept(arrival, response))
  })
  const { clock, waits } = manualClock()
  const sink = toHttp(origin, withClock({ concurrency: 1, batch: { records: 3, milliseconds: 200 } }, clock))
  for (const record of numbered(4)) sink.write(record)
  t.equal(await eventually(() => held.length, 1), 1)
  await eventually(() => waits.length, 2)
  waits.at(-1)?.end()
  await turns(5)
  sink.write({ n: 4 })
  await turns(5)
  t.equal(arrivals.length, 1)
  held[0]?.()
  t.equal(await eventually(() => held.length, 2), 2)
  t.strictSame(numbersOf(arrivals[1]?.records ?? []), [3, 4])
  held[1]?.()
  sink.end()
  t.equal(await eventually(() => sink.closed, true), true)
  t.equal(sink.counts.acknowledged, 5)
})

t.test('toHttp: destroyed, it ends the wait of batch.milliseconds', async t => {
  const { origin, arrivals } = await receive(t)
  const { clock, open } = manualClock()
  const sink = toHttp(origin, withClock({ batch: { milliseconds: 200 } }, clock))
  sink.write({ n: 0 })
  await turns(5)
  t.equal(open(), 1)
  sink.destroy()
  await eventually(() => sink.closed, true)
  t.equal(open(), 0)
  t.strictSame(arrivals, [])
})

t.test('toHttp: without batch.milliseconds, no timer is started', async t => {
  const { origin, arrivals } = await receive(t)
  const { clock, waits } = manualClock()
  await pipeline(Readable.from(numbered(3)), toHttp(origin, withClock({ batch: { records: 3 } }, clock)))
  t.equal(arrivals.length, 1)
  t.strictSame(waits, [])
})
