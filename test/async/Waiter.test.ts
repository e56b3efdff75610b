import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { deferred } from '../../lib/async/promises.ts'
import { Waiter } from '../../lib/async/Waiter.ts'
import { failureOf } from '../support/failureOf.ts'
import { processEvents } from '../support/processEvents.ts'
import { turns } from '../support/turns.ts'

const boom = new Error('boom')

for (const how of ['until', 'untilCutShort'] as const) {
  t.test(`Waiter.${how} resolves and rejects as the promise does that it waits for`, async t => {
    const waiter = new Waiter()
    const value = { n: 1 }
    t.equal(await waiter[how](Promise.resolve(value)), value)
    t.equal(await failureOf(waiter[how](Promise.reject(boom))), boom)
    const later = deferred<number>()
    const waiting = waiter[how](later.promise)
    later.resolve(2)
    t.equal(await waiting, 2)
  })

  t.test(`Waiter.${how} rejects with the reason of an interruption, whatever that is`, async t => {
    for (const reason of [boom, 'a string', undefined, null, 0]) {
      const waiter = new Waiter()
      const waiting = failureOf(waiter[how](new Promise(() => {})))
      waiter.interrupt(reason)
      t.equal(await waiting, reason)
      t.strictSame(waiter.interruption, { reason })
    }
  })

  t.test(`Waiter.${how} rejects at once if there was an interruption before`, async t => {
    const waiter = new Waiter()
    waiter.interrupt(boom)
    t.equal(await failureOf(waiter[how](new Promise(() => {}))), boom)
    t.equal(await failureOf(waiter[how](Promise.resolve(1))), boom)
  })

  t.test(
    `Waiter.${how}: a promise that rejects after the interruption is not an unhandled rejection`,
    async t => {
      const unhandled = processEvents(t, 'unhandledRejection')
      const waiter = new Waiter()
      const late = deferred<void>()
      const waiting = failureOf(waiter[how](late.promise))
      waiter.interrupt(boom)
      t.equal(await waiting, boom)
      late.reject(new Error('late'))
      t.equal(await failureOf(waiter[how](Promise.reject(new Error('later')))), boom)
      await turns(3)
      t.strictSame(unhandled, [])
    },
  )
}

t.test('Waiter: the first of several interruptions keeps its reason', async t => {
  const waiter = new Waiter()
  t.equal(waiter.interruption, undefined)
  waiter.interrupt(boom)
  waiter.interrupt(new Error('another'))
  t.equal(waiter.interruption?.reason, boom)
  t.equal(await failureOf(waiter.until(Promise.resolve())), boom)
})

t.test(
  'Waiter: throwIfInterrupted throws the reason of an interruption, and nothing before there is one',
  async t => {
    const waiter = new Waiter()
    waiter.throwIfInterrupted()
    waiter.cutShort()
    waiter.throwIfInterrupted()
    waiter.interrupt(boom)
    t.throws(() => waiter.throwIfInterrupted(), boom)
    const withoutReason = new Waiter()
    withoutReason.interrupt(undefined)
    t.equal(await failureOf(() => withoutReason.throwIfInterrupted()), undefined)
  },
)

t.test('Waiter: cutShort ends untilCutShort, but not until', async t => {
  const waiter = new Waiter()
  const short = waiter.untilCutShort(new Promise<number>(() => {}))
  waiter.cutShort()
  t.equal(await short, undefined)
  const late = deferred<number>()
  const whole = waiter.until(late.promise)
  waiter.cutShort()
  late.resolve(1)
  t.equal(await whole, 1)
})

t.test('Waiter: cutShort has no effect on later waits', async t => {
  const waiter = new Waiter()
  waiter.cutShort()
  t.equal(await waiter.untilCutShort(Promise.resolve(1)), 1)
  const late = deferred<number>()
  const waiting = waiter.untilCutShort(late.promise)
  await turns(1)
  late.resolve(2)
  t.equal(await waiting, 2)
  t.equal(await waiter.until(Promise.resolve(3)), 3)
})

t.test('Waiter: an interruption ends a wait with its reason before and after cutShort', async t => {
  for (const acts of [
    ['interrupt', 'cutShort'],
    ['cutShort', 'interrupt'],
  ] as const) {
    const waiter = new Waiter()
    const waiting = waiter.untilCutShort(new Promise<number>(() => {}))
    const outcome = waiting.catch((error: unknown) => error)
    for (const act of acts) waiter[act](boom)
    t.equal(await outcome, acts[0] === 'interrupt' ? boom : undefined)
    t.equal(await failureOf(waiter.untilCutShort(new Promise(() => {}))), boom)
  }
})

t.test('Waiter: a promise of an earlier wait does not end the present wait', async t => {
  const waiter = new Waiter()
  const first = deferred<number>()
  const cut = waiter.untilCutShort(first.promise)
  waiter.cutShort()
  await cut
  const second = deferred<number>()
  const waiting = waiter.untilCutShort(second.promise)
  first.resolve(1)
  await turns(1)
  second.resolve(2)
  t.equal(await waiting, 2)
  const third = waiter.until(new Promise(() => {}))
  waiter.interrupt(boom)
  t.equal(await failureOf(third), boom, 'the third wait can be interrupted')
})

t.test('Waiter: half a million waits grow the heap by less than 10 MB while the waiter lives', async t => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const waiter = new Waiter()
  const wait = async (times: number) => {
    for (let n = 0; n < times; n += 1) await waiter.until(Promise.resolve(n))
    // What the first collection finds only weakly reachable goes with the second one.
    collect()
    await new Promise(setImmediate)
    collect()
    return process.memoryUsage().heapUsed
  }
  const before = await wait(1_000)
  const growth = (await wait(500_000)) - before
  // Promise.race with one promise that lives as long would keep 150 MB.
  t.ok(growth < 10_000_000, `${growth} bytes`)
  waiter.interrupt(boom)
})
