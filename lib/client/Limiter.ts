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
  /** Ends each of the pauses that there are; with one signal for all, Node would warn of a leak. */
  readonly #pauses = new Set<AbortController>()

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
    const pause = new AbortController()
    this.#pauses.add(pause)
    this.#queue.pause()
    const end = () => {
      this.#pauses.delete(pause)
      if (this.#pauses.size === 0) this.#queue.start()
    }
    clock.wait(milliseconds, pause.signal).then(end, end)
  }

  /** Ends every pause: nobody waits any more, and a timer would keep the process alive. */
  endPauses(): void {
    for (const pause of this.#pauses) pause.abort()
  }
}
