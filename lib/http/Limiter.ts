import PQueue from 'p-queue'
import type { LimitMessage } from '../observe/channels.ts'
import { type Clock, systemClock } from './Clock.ts'
import type { RawAnswer } from './exchange.ts'
import type { RateLimit } from './transportOptions.ts'

/**
 * The server's own limits, as its answers report them. Only the owner of a `Requester` knows them. Times are passed in,
 * in milliseconds.
 */
export interface ServerLimits<Request = unknown> {
  /** Milliseconds from `now` until one more may start: 0 if now, Infinity if that depends on requests in flight. */
  wait(now: number): number
  /** Records the start of a request. If it must not start, throws the error that it fails with. */
  start(now: number): Request
  /** Records the end of a request: its answer, or a failure without one. Only the first call for a request counts. */
  end(request: Request, now: number, answer?: Pick<RawAnswer, 'status' | 'headers'>): void
}

/** A wait for a limit of requests per time: whose, and the milliseconds until the next request may start. */
export type LimitWait = Pick<LimitMessage, 'limit' | 'delay'>

/**
 * Lets attempts start: at most `concurrency` at once, at most `requests` in any window of `interval`, and none while
 * the server's own limits hold them back. An attempt holds its slot until the answer's headers have arrived and `read`
 * of the request has read what it wants of the body. `HubSpotClient` reads nothing of a successful body: if it did, a
 * slow consumer would keep every other request from starting.
 */
export class Limiter {
  readonly #queue: PQueue
  readonly #clock: Clock
  readonly #window: SlidingWindow | undefined
  readonly #server: ServerLimits | undefined
  readonly #onWait: (wait: LimitWait) => void
  /** One controller for each current pause; with one signal for all, Node would warn of a leak. */
  readonly #pauses = new Set<AbortController>()
  #closed = false
  /** When the limits are checked again, if an attempt waits for them. */
  #nextCheck: { at: number; controller: AbortController } | undefined

  /** @param onWait called when attempts begin to wait for a limit */
  constructor(
    concurrency: number,
    rateLimit: RateLimit | 'none',
    clock: Clock = systemClock,
    server?: ServerLimits,
    onWait: (wait: LimitWait) => void = () => {},
  ) {
    // The queue's own rate limit (`strict`) uses the system's clock: if that is set back an hour, it stops for an hour.
    this.#queue = new PQueue({ concurrency })
    this.#clock = clock
    this.#window = rateLimit === 'none' ? undefined : new SlidingWindow(rateLimit)
    this.#server = server
    this.#onWait = onWait
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
      // Before the queue starts another attempt: this one has recorded its start by now.
      this.regulate()
    }
  }

  /** Checks the limits. To be called when those of the server may have changed. */
  regulate(): void {
    const now = this.#clock.monotonic()
    const own = this.#window?.wait(now) ?? 0
    const wait = Math.max(own, this.#server?.wait(now) ?? 0)
    this.#closed = wait > 0
    if (this.#closed) {
      this.#queue.pause()
      if (this.#queue.size > 0 && wait < Infinity) this.#checkIn(wait, own < wait ? 'server' : 'rateLimit')
    } else {
      this.#stopChecking()
      this.#resume()
    }
  }

  /** Lets no attempt start for `milliseconds`: a 429 concerns all requests, not only the one that got it. */
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

  /** Ends every pause when no request is left: a timer would keep the process alive. */
  endPauses(): void {
    for (const pause of this.#pauses) pause.abort()
    this.#stopChecking()
  }

  #resume(): void {
    if (this.#pauses.size === 0 && !this.#closed) this.#queue.start()
  }

  #checkIn(milliseconds: number, limit: LimitWait['limit']): void {
    const at = this.#clock.monotonic() + milliseconds
    if (this.#nextCheck !== undefined && this.#nextCheck.at <= at) return
    this.#stopChecking()
    const check = { at, controller: new AbortController() }
    this.#nextCheck = check
    this.#onWait({ limit, delay: Math.ceil(milliseconds) })
    const end = () => {
      if (this.#nextCheck !== check) return
      this.#nextCheck = undefined
      this.regulate()
    }
    this.#clock.wait(milliseconds, check.controller.signal).then(end, () => {})
  }

  #stopChecking(): void {
    const check = this.#nextCheck
    this.#nextCheck = undefined
    check?.controller.abort()
  }
}

/** Limits the number of starts within any interval of a length. Times are passed in, in milliseconds. */
class SlidingWindow {
  readonly #limit: RateLimit
  /** The times of the last `requests` starts: a ring buffer, with the oldest at `#oldest` once it is full. */
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

  /** Records a start. */
  start(now: number): void {
    this.#starts[this.#oldest] = now
    this.#oldest = (this.#oldest + 1) % this.#limit.requests
  }
}
