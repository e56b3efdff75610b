import { mock } from 'node:test'
import fc from 'fast-check'
import t from 'tap'
import type { Clock } from '../../lib/http/Clock.ts'
import { Limiter, type LimitWait } from '../../lib/http/Limiter.ts'
import { failureOf } from '../support/failureOf.ts'
import { turns } from '../support/turns.ts'

const at = (priority: number) => ({ priority, signal: new AbortController().signal })

/** A clock that advances only when the test calls `to`, by a millisecond at a time. */
class HandClock implements Clock {
  #time = 0
  readonly #waits = new Map<() => void, number>()
  now = () => 0
  random = () => 0
  monotonic = () => this.#time

  wait = (milliseconds: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      this.#waits.set(resolve, this.#time + milliseconds)
      signal?.addEventListener('abort', () => {
        this.#waits.delete(resolve)
        reject(signal.reason)
      })
    })

  async to(time: number): Promise<void> {
    while (this.#time < time) {
      this.#time += 1
      for (const [end, at] of this.#waits) {
        if (at > this.#time) continue
        this.#waits.delete(end)
        end()
      }
      await turns(1)
    }
  }
}

t.test(
  'Limiter: at most `requests` start in any window of `interval`, and all start as soon as they may',
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 30 }),
        fc.array(fc.tuple(fc.nat({ max: 40 }), fc.nat({ max: 6 })), { minLength: 1, maxLength: 8 }),
        async (requests, interval, bursts) => {
          const clock = new HandClock()
          const limiter = new Limiter(100, { requests, interval }, clock)
          const starts: number[] = []
          let wanted = 0
          for (const [pause, count] of bursts) {
            await clock.to(clock.monotonic() + pause)
            wanted += count
            for (let i = 0; i < count; i += 1) {
              limiter.run(async () => void starts.push(clock.monotonic()), at(0))
            }
          }
          // Nothing waits longer than for the windows that all starts need.
          await clock.to(clock.monotonic() + Math.ceil(wanted / requests) * interval)
          if (starts.length !== wanted) return false
          return starts.every(
            (start, i) => i < requests || start - (starts[i - requests] as number) >= interval,
          )
        },
      ),
      { numRuns: 60 },
    )
  },
)

for (const [what, jump] of [
  ['set back an hour', -3_600_000],
  ['put forward an hour', 3_600_000],
] as const) {
  t.test(`Limiter: a system date that is ${what} changes nothing`, async t => {
    const clock = new HandClock()
    const limiter = new Limiter(1, { requests: 1, interval: 50 }, clock)
    const starts: number[] = []
    const start = async () => void starts.push(clock.monotonic())
    await limiter.run(start, at(0))
    const { now } = Date
    mock.method(Date, 'now', () => now() + jump)
    t.after(() => mock.restoreAll())
    limiter.run(start, at(0))
    await clock.to(100)
    t.strictSame(starts, [0, 50])
  })
}

t.test(
  'Limiter: a timer that fires a little too early, or time that passes during a check, holds up nothing',
  async () => {
    const sixteenths = fc.integer({ min: 1, max: 16 }).map(count => count / 16)
    await fc.assert(
      fc.asyncProperty(sixteenths, sixteenths, async (early, step) => {
        let time = 0
        const clock: Clock = {
          now: () => 0,
          random: () => 0,
          monotonic: () => {
            time += step
            return time
          },
          async wait(milliseconds) {
            time += milliseconds - Math.min(early, milliseconds)
          },
        }
        const limiter = new Limiter(4, { requests: 1, interval: 10 }, clock)
        let started = 0
        const start = async () => {
          started += 1
        }
        for (let n = 0; n < 10; n += 1) limiter.run(start, at(0))
        for (let turn = 0; turn < 10 && started < 10; turn += 1) await turns(1)
        return started === 10
      }),
    )
  },
)

t.test('Limiter: without a rate limit only the concurrency limits the starts', async t => {
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

t.test('Limiter: a higher priority starts first; equal priorities start in order', async t => {
  const limiter = new Limiter(1, 'none')
  const order: string[] = []
  const put = (name: string, priority: number) => limiter.run(async () => void order.push(name), at(priority))
  await Promise.all([put('first', 0), put('second', 0), put('third', 0), put('again', 1), put('again 2', 1)])
  t.strictSame(order, ['first', 'again', 'again 2', 'second', 'third'])
})

t.test(
  'Limiter: a call that is aborted in the queue rejects at once with the reason, and never runs',
  async t => {
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
  },
)

t.test('Limiter: a call that fails releases its slot', async t => {
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

t.test('Limiter: it reports each wait for a limit of requests per time: whose, and how long', async t => {
  const clock = new HandClock()
  const waits: LimitWait[] = []
  let serverWait = 0
  const rateLimit = { requests: 2, interval: 50 }
  const limiter = new Limiter(
    100,
    rateLimit,
    clock,
    () => serverWait,
    wait => waits.push(wait),
  )
  const run = () => limiter.run(async () => {}, at(0))
  await Promise.all([run(), run()])
  t.strictSame(waits, [], 'nobody waits')
  await clock.to(20)
  const own = run()
  t.strictSame(waits, [{ limit: 'rateLimit', delay: 30 }])
  await clock.to(50)
  await own
  serverWait = 70.5
  limiter.regulate()
  const waiting = run()
  serverWait = 0
  await clock.to(130)
  await waiting
  t.strictSame(waits.slice(1), [{ limit: 'server', delay: 71 }])
})
