import PQueue from 'p-queue'
import type { LimitMessage } from '../observe/channels.ts'
import { type Clock, systemClock } from './Clock.ts'
import type { RateLimit } from './transportOptions.ts'

/** A wait for a limit of requests per time: whose, and the milliseconds until the next request may start. */
export type LimitWait = Pick<LimitMessage, 'limit' | 'delay'>

/** How an attempt waits for its turn. */
export interface Turn {
  /** The higher, the sooner. */
  priority: number
  signal: AbortSignal
  /** Asked when the attempt may start. If it returns false, the attempt is given up, and counts for no limit. */
  isReady?(): boolean
}

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
  readonly #serverWait: (now: number) => number
  readonly #onWait: (wait: LimitWait) => void
  /** The number of current pauses. */
  #pauses = 0
  /** When the limits are checked again, if an attempt waits for them. */
  #nextCheck: { at: number; controller: AbortController } | undefined

  /**
   * @param serverWait the wait for the server's own limits, as `ServerLimits` describes it
   * @param onWait called when attempts begin to wait for a limit
   */
  constructor(
    concurrency: number,
    rateLimit: RateLimit | 'none',
    clock: Clock = systemClock,
    serverWait: (now: number) => number = () => 0,
    onWait: (wait: LimitWait) => void = () => {},
  ) {
    // The queue's own rate limit (`strict`) uses the system's clock: if that is set back an hour, it stops for an hour.
    this.#queue = new PQueue({ concurrency })
    this.#clock = clock
    this.#window = rateLimit === 'none' ? undefined : new SlidingWindow(rateLimit)
    this.#serverWait = serverWait
    this.#onWait = onWait
  }

  /**
   * Runs an attempt when it is its turn.
   *
   * @returns its result; undefined if it was given up
   * @throws what the attempt throws; the signal's reason as soon as that aborts
   */
  run<T>(attempt: () => Promise<T>, { isReady = () => true, ...turn }: Turn): Promise<T | undefined> {
    // It starts in `regulate`, if the limits allow it.
    this.#queue.pause()
    const outcome = this.#queue.add(async () => (isReady() ? this.#start(attempt) : undefined), turn)
    this.regulate()
    return outcome
  }

  #start<T>(attempt: () => Promise<T>): Promise<T> {
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
    const wait = Math.max(own, this.#serverWait(now))
    if (wait === 0) this.stopChecking()
    else if (this.#queue.size > 0 && wait < Infinity) this.#checkIn(wait, own < wait ? 'server' : 'rateLimit')
    if (wait > 0 || this.#pauses > 0) this.#queue.pause()
    else this.#queue.start()
  }

  /** Lets no attempt start before `end` settles. */
  pause(end: Promise<void>): void {
    const resume = () => {
      this.#pauses -= 1
      this.regulate()
    }
    this.#pauses += 1
    this.regulate()
    end.then(resume, resume)
  }

  /** Ends the wait for a limit when no request is left: its timer would keep the process alive. */
  stopChecking(): void {
    const check = this.#nextCheck
    this.#nextCheck = undefined
    check?.controller.abort()
  }

  #checkIn(milliseconds: number, limit: LimitWait['limit']): void {
    const at = this.#clock.monotonic() + milliseconds
    if (this.#nextCheck !== undefined && this.#nextCheck.at <= at) return
    this.stopChecking()
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
}

/** Limits the number of starts within any interval of a length. Times are passed in, in milliseconds. */
export class SlidingWindow {
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
