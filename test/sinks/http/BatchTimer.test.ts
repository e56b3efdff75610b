import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import t from 'tap'
import type { Clock } from '../../../lib/http/Clock.ts'
import { toHttp } from '../../../lib/sinks/toHttp.ts'
import { eventually } from '../../support/eventually.ts'
import { numbered, numbersOf } from '../../support/numbered.ts'
import { accept, receive } from '../../support/receive.ts'
import { turns } from '../../support/turns.ts'

/** A clock whose waits end when the test says so. */
function handClock() {
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

t.test('a batch that has waited long enough is sent, and the next one waits anew', async t => {
  const { origin, arrivals } = await receive(t)
  const { clock, waits, open } = handClock()
  const sink = toHttp(origin, { batch: { milliseconds: 200 } }, clock)
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
  t.equal(open(), 0, 'nothing waits any more')
})

t.test('a full batch ends the wait', async t => {
  const { origin, arrivals } = await receive(t)
  const { clock, waits, open } = handClock()
  const sink = toHttp(origin, { batch: { records: 2, milliseconds: 200 } }, clock)
  for (const record of numbered(5)) sink.write(record)
  t.equal(await eventually(() => arrivals.length, 2), 2)
  t.equal(open(), 1, 'only for the fifth record')
  waits.at(-1)?.end()
  t.equal(await eventually(() => arrivals.length, 3), 3)
  sink.destroy()
  await eventually(() => sink.closed, true)
})

t.test('while every request waits for its answer, a batch that has waited goes on filling', async t => {
  const held: (() => void)[] = []
  const { origin, arrivals } = await receive(t, (arrival, response) => {
    held.push(() => accept(arrival, response))
  })
  const { clock, waits } = handClock()
  const sink = toHttp(origin, { concurrency: 1, batch: { records: 3, milliseconds: 200 } }, clock)
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

t.test('destroyed, it waits for nothing', async t => {
  const { origin, arrivals } = await receive(t)
  const { clock, open } = handClock()
  const sink = toHttp(origin, { batch: { milliseconds: 200 } }, clock)
  sink.write({ n: 0 })
  await turns(5)
  t.equal(open(), 1)
  sink.destroy()
  await eventually(() => sink.closed, true)
  t.equal(open(), 0)
  t.strictSame(arrivals, [])
})

t.test('without it, nothing is sent before a batch is full', async t => {
  const { origin, arrivals } = await receive(t)
  const { clock, waits } = handClock()
  await pipeline(Readable.from(numbered(3)), toHttp(origin, { batch: { records: 3 } }, clock))
  t.equal(arrivals.length, 1)
  t.strictSame(waits, [])
})
