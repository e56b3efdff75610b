import { mock } from 'node:test'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { Limiter } from '../../lib/http/Limiter.ts'
import { failureOf } from '../support/failureOf.ts'
import { turns } from '../support/turns.ts'

const at = (priority: number) => ({ priority, signal: new AbortController().signal })

/** Time that goes on only when it is told to; the queue takes it from `Date` and `setTimeout`. */
function holdTime(t: Test): { to(time: number): Promise<void> } {
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 0 })
  t.after(() => mock.timers.reset())
  return {
    async to(time) {
      while (Date.now() < time) {
        mock.timers.tick(1)
        await turns(1)
      }
    },
  }
}

t.test('in any window of the interval, wherever it lies, at most so many start', async t => {
  const time = holdTime(t)
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 30 }),
      fc.array(fc.tuple(fc.nat({ max: 40 }), fc.nat({ max: 6 })), { minLength: 1, maxLength: 8 }),
      async (requests, interval, bursts) => {
        const limiter = new Limiter(100, { requests, interval })
        const starts: number[] = []
        let wanted = 0
        for (const [pause, count] of bursts) {
          await time.to(Date.now() + pause)
          wanted += count
          for (let i = 0; i < count; i += 1) limiter.run(async () => void starts.push(Date.now()), at(0))
        }
        // As soon as it may: nothing waits longer than for all windows that are needed.
        await time.to(Date.now() + Math.ceil(wanted / requests) * interval)
        if (starts.length !== wanted) return false
        return starts.every(
          (start, i) => i < requests || start - (starts[i - requests] as number) >= interval,
        )
      },
    ),
    { numRuns: 60 },
  )
})

t.test('without a rate limit only the concurrency bounds the starts', async t => {
  const limiter = new Limiter(3, 'none')
  let running = 0
  let most = 0
  const releases: (() => void)[] = []
  const attempts = Array.from({ length: 10 }, () =>
    limiter.run(async () => {
      running += 1
      most = Math.max(most, running)
      await new Promise<void>(resolve => releases.push(resolve))
      running -= 1
    }, at(0)),
  )
  while (running > 0 || releases.length > 0) {
    await turns(2)
    releases.shift()?.()
    await turns(2)
  }
  await Promise.all(attempts)
  t.equal(most, 3)
})

t.test('the higher the priority, the sooner; else in order', async t => {
  const limiter = new Limiter(1, 'none')
  const order: string[] = []
  const put = (name: string, priority: number) => limiter.run(async () => void order.push(name), at(priority))
  await Promise.all([put('first', 0), put('second', 0), put('third', 0), put('again', 1), put('again 2', 1)])
  t.strictSame(order, ['first', 'again', 'again 2', 'second', 'third'])
})

t.test('one that is aborted in the queue rejects at once with the reason, and is never run', async t => {
  const limiter = new Limiter(1, 'none')
  let release = () => {}
  const first = limiter.run(
    () =>
      new Promise<void>(resolve => {
        release = resolve
      }),
    at(0),
  )
  const controller = new AbortController()
  let ran = false
  const second = failureOf(
    limiter.run(
      async () => {
        ran = true
      },
      { priority: 0, signal: controller.signal },
    ),
  )
  const reason = { any: 'thing' }
  controller.abort(reason)
  t.equal(await second, reason)
  release()
  await first
  await limiter.run(async () => {}, at(0))
  t.equal(ran, false)
})

t.test('one that fails leaves its slot', async t => {
  const limiter = new Limiter(1, 'none')
  const failure = new Error('no')
  t.equal(await failureOf(limiter.run(() => Promise.reject(failure), at(0))), failure)
  t.equal(
    await failureOf(
      limiter.run(() => {
        throw failure
      }, at(0)),
    ),
    failure,
  )
  t.equal(await limiter.run(async () => 'next', at(0)), 'next')
})
