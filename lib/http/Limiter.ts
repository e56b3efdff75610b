import PQueue from 'p-queue'
import { type Clock, systemClock } from './Clock.ts'
import type { RawAnswer } from './exchange.ts'
import type { RateLimit } from './transportOptions.ts'

/**
 * The server's own limits, as its answers tell them. Only the owner of a `Requester` knows them; times are passed in, in
 * milliseconds.
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
 * while the server's own limits hold them back. A slot covers one attempt: until the answer's headers are here, and what
 * `read` of the request reads of its body. `LeadsClient` reads none of a successful body: a slow consumer would keep every
 * other request from starting.
 */
export class Limiter {
  readonly #queue: PQueue
  readonly #clock: Clock
  readonly #window: SlidingWindow | undefined
  readonly #server: ServerLimits | undefined
  /** Ends each of the pauses that there are; with one signal for all, Node would warn of a leak. */
  readonly #pauses = new Set<AbortController>()
  #closed = false
  /** When the limits are looked at again, while someone waits for them. */
  #look: { at: number; controller: AbortController } | undefined

  constructor(
    concurrency: number,
    rateLimit: RateLimit | 'none',
    clock: Clock = systemClock,
    server?: ServerLimits,
  ) {
    // The queue's own rate limit (`strict`) goes by Date.now(): set back an hour, it stops for an hour.
    this.#queue = new PQueue({ concurrency })
    this.#clock = clock
    this.#window = rateLimit === 'none' ? undefined : new SlidingWindow(rateLimit)
    this.#server = server
  }

  /** Runs an attempt when it is its turn; the higher the priority, the sooner. */
  run<T>(attempt: () => Promise<T>, options: { priority: number; signal: AbortSignal }): Promise<T> {
    const outcome = this.#queue.add(() => this.#start(attempt), options)
    this.regulate()
    return outcome
  }

  async #start<T>(attempt: () => Promise<T>): Promise<T> {
    this.#window?.start(this.#clock.monotonic())
    try {
      return attempt()
    } finally {
      // Before the queue starts another one: the attempt has noted its start by now.
      this.regulate()
    }
  }

  /** Looks at the limits. To be called when those of the server may have changed. */
  regulate(): void {
    const now = this.#clock.monotonic()
    const wait = Math.max(this.#window?.wait(now) ?? 0, this.#server?.wait(now) ?? 0)
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
    const at = this.#clock.monotonic() + milliseconds
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

/** At most so many starts within any time of a length. Times are passed in, in milliseconds. */
class SlidingWindow {
  readonly #limit: RateLimit
  /** When each of the last `requests` starts was: a ring, the oldest at `#oldest` once there are so many. */
  readonly #starts: number[] = []
  #oldest = 0

  constructor(limit: RateLimit) {
    this.#limit = limit
  }

  /** Milliseconds from `now` until one more may start, 0 or more. */
  wait(now: number): number {
    const oldest = this.#starts[this.#oldest]
    return oldest === undefined ? 0 : Math.max(0, oldest + this.#limit.interval - now)
  }

  /** Notes a start. */
  start(now: number): void {
    this.#starts[this.#oldest] = now
    this.#oldest = (this.#oldest + 1) % this.#limit.requests
  }
}
