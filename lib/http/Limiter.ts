import { onAbort } from '../async/onAbort.ts'
import type { LeadpipeError } from '../errors.ts'
import type { LimitMessage } from '../observe/channels.ts'
import { type Clock, systemClock } from './Clock.ts'
import type { RawAnswer } from './exchange.ts'
import type { RateLimit } from './transportOptions.ts'

/**
 * The server's own limits, as its answers report them. Only the owner of a `Requester` knows them. Times are passed in,
 * in milliseconds. A server may count requests in groups, each with limits of its own.
 */
export interface ServerLimits<Request = unknown> {
  /** Milliseconds from `now` until one more may start: 0 if now, Infinity if that depends on requests in flight. */
  wait(now: number, group: string | undefined): number
  /** Records the start of a request. If it must not start, throws the error that it fails with. */
  start(now: number, group: string | undefined): Request
  /** Records the end of a request: its answer, or a failure without one. Only the first call for a request counts. */
  end(request: Request, now: number, answer?: Pick<RawAnswer, 'status' | 'headers'>): void
  /** The groups that have to wait after this RATE_LIMIT error of a request; undefined for all. */
  heldBackBy(error: LeadpipeError, group: string | undefined): readonly (string | undefined)[] | undefined
}

/** A wait for a limit of requests per time: whose, and the milliseconds until the next request may start. */
export type LimitWait = Pick<LimitMessage, 'limit' | 'delay'>

/** How an attempt waits for its turn. */
export interface Turn {
  /** The higher, the sooner. */
  priority: number
  signal: AbortSignal
  /** The group in which the server counts the request, if it has several. */
  group?: string | undefined
  /** Asked when the attempt may start. If it returns false, the attempt is given up, and counts for no limit. */
  isReady?(): boolean
}

/** An attempt that waits for its turn. */
interface Waiting {
  priority: number
  /** Attempts of equal priority start in this order. */
  number: number
  start(): void
}

/** The attempts of one group. */
interface Group {
  readonly name: string | undefined
  readonly window: SlidingWindow | undefined
  /** In the order in which they start. */
  readonly waiting: Waiting[]
  /** When the limits are checked again, if an attempt waits for them. */
  nextCheck: { at: number; controller: AbortController } | undefined
}

/**
 * Lets attempts start: at most `concurrency` at once, at most `requests` of a group in any window of `interval`, and
 * none while the server's own limits hold its group back. An attempt holds its slot until the answer's headers have
 * arrived and `read` of the request has read what it wants of the body. `HubSpotClient` reads nothing of a successful
 * body: if it did, a slow consumer would keep every other request from starting. An attempt that waits for a limit of
 * its group holds no slot.
 */
export class Limiter {
  readonly #concurrency: number
  readonly #rateLimit: RateLimit | 'none'
  readonly #clock: Clock
  readonly #server: Pick<ServerLimits, 'wait'> | undefined
  readonly #onWait: (wait: LimitWait) => void
  readonly #groups = new Map<string | undefined, Group>()
  /** The groups of each current pause; with one signal for all, Node would warn of a leak. */
  readonly #pauses = new Map<AbortController, readonly (string | undefined)[] | undefined>()
  #running = 0
  #number = 0

  /** @param onWait called when attempts begin to wait for a limit */
  constructor(
    concurrency: number,
    rateLimit: RateLimit | 'none',
    clock: Clock = systemClock,
    server?: Pick<ServerLimits, 'wait'>,
    onWait: (wait: LimitWait) => void = () => {},
  ) {
    this.#concurrency = concurrency
    this.#rateLimit = rateLimit
    this.#clock = clock
    this.#server = server
    this.#onWait = onWait
  }

  /**
   * Runs an attempt when it is its turn.
   *
   * @returns its result; undefined if it was given up
   * @throws what the attempt throws; the signal's reason if that aborts before the attempt starts
   */
  run<T>(attempt: () => Promise<T>, turn: Turn): Promise<T | undefined> {
    const { priority, signal, isReady = () => true } = turn
    if (signal.aborted) return Promise.reject(signal.reason)
    const group = this.#groupOf(turn.group)
    return new Promise<T | undefined>((resolve, reject) => {
      this.#number += 1
      const unlisten = onAbort(signal, () => {
        group.waiting.splice(group.waiting.indexOf(waiting), 1)
        reject(signal.reason)
      })
      const start = () => {
        unlisten()
        if (isReady()) this.#start(group, attempt).then(resolve, reject)
        else resolve(undefined)
      }
      const waiting = { priority, number: this.#number, start }
      const before = group.waiting.findLastIndex(other => other.priority >= priority)
      group.waiting.splice(before + 1, 0, waiting)
      this.regulate()
    })
  }

  async #start<T>({ window }: Group, attempt: () => Promise<T>): Promise<T> {
    this.#running += 1
    window?.start(this.#clock.monotonic())
    try {
      return await attempt()
    } finally {
      this.#running -= 1
      this.regulate()
    }
  }

  /** Starts what may start. To be called when the limits of the server may have changed. */
  regulate(): void {
    for (let next = this.#next(); next !== undefined; next = this.#next()) next.waiting.shift()?.start()
    for (const group of this.#groups.values()) {
      const { wait, limit } = this.#waitOf(group)
      if (wait === 0) stopChecking(group)
      else if (group.waiting.length > 0 && wait < Infinity) this.#checkIn(wait, limit, group)
    }
  }

  /**
   * Lets no attempt start for `milliseconds`: a 429 concerns other requests than the one that got it, too.
   *
   * @param groups those that it concerns; undefined for all
   */
  pause(milliseconds: number, groups?: readonly (string | undefined)[]): void {
    const pause = new AbortController()
    this.#pauses.set(pause, groups)
    const end = () => {
      this.#pauses.delete(pause)
      this.regulate()
    }
    this.#clock.wait(milliseconds, pause.signal).then(end, end)
  }

  /** Ends every pause when no request is left: a timer would keep the process alive. */
  endPauses(): void {
    for (const pause of this.#pauses.keys()) pause.abort()
    for (const group of this.#groups.values()) stopChecking(group)
  }

  /** The group whose first attempt may start now: of several, the one whose attempt has the next turn. */
  #next(): Group | undefined {
    if (this.#running >= this.#concurrency) return undefined
    return Array.from(this.#groups.values())
      .filter(group => group.waiting.length > 0 && !this.#isPaused(group) && this.#waitOf(group).wait === 0)
      .reduce<Group | undefined>((first, group) => (isSooner(group, first) ? group : first), undefined)
  }

  #isPaused({ name }: Group): boolean {
    return Array.from(this.#pauses.values()).some(groups => groups?.includes(name) ?? true)
  }

  #waitOf({ name, window }: Group): { wait: number; limit: LimitWait['limit'] } {
    const now = this.#clock.monotonic()
    const own = window?.wait(now) ?? 0
    const wait = Math.max(own, this.#server?.wait(now, name) ?? 0)
    return { wait, limit: own < wait ? 'server' : 'rateLimit' }
  }

  #groupOf(name: string | undefined): Group {
    const known = this.#groups.get(name)
    if (known !== undefined) return known
    const window = this.#rateLimit === 'none' ? undefined : new SlidingWindow(this.#rateLimit)
    const group = { name, window, waiting: [], nextCheck: undefined }
    this.#groups.set(name, group)
    return group
  }

  #checkIn(milliseconds: number, limit: LimitWait['limit'], group: Group): void {
    const at = this.#clock.monotonic() + milliseconds
    if (group.nextCheck !== undefined && group.nextCheck.at <= at) return
    stopChecking(group)
    const check = { at, controller: new AbortController() }
    group.nextCheck = check
    this.#onWait({ limit, delay: Math.ceil(milliseconds) })
    const end = () => {
      if (group.nextCheck !== check) return
      group.nextCheck = undefined
      this.regulate()
    }
    this.#clock.wait(milliseconds, check.controller.signal).then(end, () => {})
  }
}

function stopChecking(group: Group): void {
  const check = group.nextCheck
  group.nextCheck = undefined
  check?.controller.abort()
}

/** Whether the first attempt of a group has its turn before that of another. */
function isSooner({ waiting: [own] }: Group, other: Group | undefined): boolean {
  const theirs = other?.waiting[0]
  if (own === undefined || theirs === undefined) return own !== undefined
  return own.priority > theirs.priority || (own.priority === theirs.priority && own.number < theirs.number)
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
