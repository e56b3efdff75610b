import type { LeadpipeError } from '../errors.ts'
import type { Clock } from './Clock.ts'
import type { RawAnswer } from './exchange.ts'
import { Limiter, type LimitWait } from './Limiter.ts'
import type { TransportSettings } from './transportOptions.ts'

/** The name of a group in which a server counts requests; undefined if it counts all together. */
export type Group = string | undefined

/**
 * The server's own limits, as its answers report them. Only the owner of a `Requester` knows them. Times are passed in,
 * in milliseconds. A server may count requests in groups, each with limits of its own.
 */
export interface ServerLimits<Request = unknown> {
  /** Milliseconds from `now` until one more may start: 0 if now, Infinity if that depends on requests in flight. */
  wait(now: number, group: Group): number
  /** Records the start of a request. If it must not start, throws the error that it fails with. */
  start(now: number, group: Group): Request
  /** Records the end of a request: its answer, or a failure without one. Only the first call for a request counts. */
  end(request: Request, now: number, answer?: Pick<RawAnswer, 'status' | 'headers'>): void
  /** The groups that have to wait after this RATE_LIMIT error of a request. */
  heldBackBy(error: LeadpipeError, group: Group): readonly Group[]
}

/** One limiter for each group of requests, created when the group is first used. */
export class Limiters {
  readonly #settings: Pick<TransportSettings, 'concurrency' | 'rateLimit'>
  readonly #clock: Clock
  readonly #server: ServerLimits | undefined
  readonly #onWait: (wait: LimitWait) => void
  readonly #limiters = new Map<Group, Limiter>()
  /** One controller for each current pause; with one signal for all, Node would warn of a leak. */
  readonly #pauses = new Set<AbortController>()

  /** @param onWait called when attempts of a group begin to wait for a limit */
  constructor(
    settings: Pick<TransportSettings, 'concurrency' | 'rateLimit'>,
    clock: Clock,
    server: ServerLimits | undefined,
    onWait: (wait: LimitWait) => void,
  ) {
    this.#settings = settings
    this.#clock = clock
    this.#server = server
    this.#onWait = onWait
  }

  /** The limiter of a group. */
  of(group: Group): Limiter {
    const known = this.#limiters.get(group)
    if (known !== undefined) return known
    const { concurrency, rateLimit } = this.#settings
    const serverWait = (now: number) => this.#server?.wait(now, group) ?? 0
    const limiter = new Limiter(concurrency, rateLimit, this.#clock, serverWait, this.#onWait)
    this.#limiters.set(group, limiter)
    return limiter
  }

  /** Checks the limits of all groups, because a server may have limits that they share. */
  regulate(): void {
    for (const limiter of this.#limiters.values()) limiter.regulate()
  }

  /** Lets no attempt start for `milliseconds`: a 429 concerns other requests than the one that got it, too. */
  pause(milliseconds: number, groups: readonly Group[]): void {
    const pause = new AbortController()
    this.#pauses.add(pause)
    const end = this.#clock.wait(milliseconds, pause.signal).finally(() => this.#pauses.delete(pause))
    for (const group of groups) this.of(group).pause(end)
  }

  /** Ends every wait when no request is left: a timer would keep the process alive. */
  endPauses(): void {
    for (const pause of this.#pauses) pause.abort()
    for (const limiter of this.#limiters.values()) limiter.stopChecking()
  }
}
