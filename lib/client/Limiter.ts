import PQueue from 'p-queue'
import type { Clock } from './Clock.ts'
import type { RateLimit } from './options.ts'

/**
 * Lets attempts start: at most `concurrency` at once, and at most `requests` in any window of `interval`.
 * A slot covers one attempt until its headers are here, not its body: holding it until a body is consumed
 * would let a slow consumer keep every other request from starting.
 */
export class Limiter {
  readonly #queue: PQueue
  #resume = new AbortController()
  #pauses = 0

  constructor(concurrency: number, rateLimit: RateLimit | 'none') {
    this.#queue = new PQueue({
      concurrency,
      // Fixed windows would let twice as many start in a sliding one.
      ...(rateLimit === 'none'
        ? {}
        : { intervalCap: rateLimit.requests, interval: rateLimit.interval, strict: true }),
    })
  }

  /** Runs an attempt when it is its turn; the higher the priority, the sooner. */
  run<T>(attempt: () => Promise<T>, options: { priority: number; signal: AbortSignal }): Promise<T> {
    return this.#queue.add(attempt, options)
  }

  /** Lets none start for so many milliseconds: a 429 is about all of them, not about the one that got it. */
  pause(milliseconds: number, clock: Clock): void {
    this.#pauses += 1
    this.#queue.pause()
    const end = () => {
      this.#pauses -= 1
      if (this.#pauses === 0) this.#queue.start()
    }
    clock.wait(milliseconds, this.#resume.signal).then(end, end)
  }

  /** Ends every pause: nobody waits any more, and a timer would keep the process alive. */
  endPauses(): void {
    this.#resume.abort()
    this.#resume = new AbortController()
  }
}
