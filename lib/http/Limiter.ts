import PQueue from 'p-queue'
import { type Clock, systemClock } from './Clock.ts'
import type { RawAnswer } from './transmit.ts'
import type { RateLimit } from './transportOptions.ts'

/**
 * The server's own limits, as its answers tell them. Of them only the owner of a requester knows anything; times
 * are passed in, in milliseconds.
 */
export interface ServerLimits<Request = unknown> {
  /** Milliseconds from `now` until one more may start: 0 when now, Infinity when that depends on those under way. */
  wait(now: number): number
  /** Notes that a request starts. Throws what it fails with when it must not. */
  start(now: number): Request
  /** Notes the end of a request: its answer, or a failure without one. Only the first end of a request counts. */
  end(request: Request, now: number, answer?: Pick<RawAnswer, 'status' | 'headers'>): void
}

/**
 * Lets attempts start: at most `concurrency` at once, at most `requests` in any window of `interval`, and none
 * while the gate is closed. A slot covers one attempt until its headers are here, not its body: holding it until
 * a body is consumed would let a slow consumer keep every other request from starting.
 */
export class Limiter {
  readonly #queue: PQueue
  readonly #clock: Clock
  readonly #gate: (() => number) | undefined
  /** Ends each of the pauses that there are; with one signal for all, Node would warn of a leak. */
  readonly #pauses = new Set<AbortController>()
  #closed = false
  /** When the gate is looked at again, while someone waits for it. */
  #look: { at: number; controller: AbortController } | undefined

  /**
   * @param gate what besides these limits decides whether one more may start: milliseconds until it may, 0 for
   * now, Infinity when time alone does not tell (see `regulate`)
   */
  constructor(
    concurrency: number,
    rateLimit: RateLimit | 'none',
    clock: Clock = systemClock,
    gate?: () => number,
  ) {
    this.#clock = clock
    this.#gate = gate
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
    const outcome = this.#queue.add(attempt, options)
    this.regulate()
    return outcome
  }

  /** Looks at the gate. To be called when an attempt has started, and whenever the gate may have changed. */
  regulate(): void {
    if (this.#gate === undefined) return
    const wait = this.#gate()
    this.#closed = wait > 0
    if (this.#closed) {
      this.#queue.pause()
      if (this.#queue.size > 0 && wait < Infinity) this.#lookIn(wait)
    } else {
      this.#stopLooking()
      this.#resume()
    }
  }

  /** Lets none start for so many milliseconds: a 429 is about all of them, not about the one that got it. */
  pause(milliseconds: number): void {
    const pause = new AbortController()
    this.#pauses.add(pause)
    this.#queue.pause()
    const end = () => {
      this.#pauses.delete(pause)
      this.#resume()
    }
    this.#clock.wait(milliseconds, pause.signal).then(end, end)
  }

  /** Ends every pause: nobody waits any more, and a timer would keep the process alive. */
  endPauses(): void {
    for (const pause of this.#pauses) pause.abort()
    this.#stopLooking()
  }

  #resume(): void {
    if (this.#pauses.size === 0 && !this.#closed) this.#queue.start()
  }

  #lookIn(milliseconds: number): void {
    const at = this.#clock.now() + milliseconds
    if (this.#look !== undefined && this.#look.at <= at) return
    this.#stopLooking()
    const look = { at, controller: new AbortController() }
    this.#look = look
    const end = () => {
      if (this.#look !== look) return
      this.#look = undefined
      this.regulate()
    }
    this.#clock.wait(milliseconds, look.controller.signal).then(end, () => {})
  }

  #stopLooking(): void {
    const look = this.#look
    this.#look = undefined
    look?.controller.abort()
  }
}
