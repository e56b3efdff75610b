import { onAbort } from '../async/onAbort.ts'
import { LeadpipeError } from '../errors.ts'
import {
  type LimitMessage,
  limitChannel,
  type RequestMessage,
  type RetryMessage,
  requestChannel,
  retryChannel,
} from '../observe/channels.ts'
import type { Clock } from './Clock.ts'
import { Connections } from './Connections.ts'
import type { OutgoingRequest, RawAnswer } from './exchange.ts'
import { Limiters, type ServerLimits } from './Limiters.ts'
import { backOff, RetryBudget, type RetryContext, retry } from './retry.ts'
import type { TransportSettings } from './transportOptions.ts'

/** The parts and settings of a {@link Requester}. */
export interface RequesterOptions {
  /** Scheme, host and port. */
  origin: string
  settings: TransportSettings
  clock: Clock
  /** The server's own limits. Default: none. */
  limits?: ServerLimits
  /** The error that requests fail with when the requester is closed. */
  closedError(): Error
}

/** Callbacks for the attempts of a request. */
export interface Watcher {
  /** Called when an attempt is sent. */
  onRequest?(): void
  /** Called when an attempt has failed and another will follow. */
  onRetry?(): void
}

/** What a retry needs to know about its request. */
type RetriedRequest = Pick<OutgoingRequest, 'method' | 'url' | 'signal' | 'group'>

/**
 * Sends requests to one origin, within the limits, and retries them as the retry options say. It owns the connections,
 * and ends everything at once when it is closed.
 */
export class Requester {
  readonly #options: RequesterOptions
  readonly #connections: Connections
  readonly #limiters: Limiters
  readonly #budget: RetryBudget
  readonly #active = new Set<AbortController>()
  #closed = false

  constructor(options: RequesterOptions) {
    const { origin, settings, clock, limits } = options
    this.#options = options
    this.#limiters = new Limiters(settings, clock, limits, wait =>
      limitChannel.publish({ origin, ...wait } satisfies LimitMessage),
    )
    this.#budget = new RetryBudget(settings.retry.budget)
    this.#connections = new Connections(origin, settings)
  }

  /** Whether `close` was called. */
  get closed(): boolean {
    return this.#closed
  }

  /**
   * A signal that is aborted by `close()`, and by `outer` if that is given, until it is released.
   *
   * @throws the error of `closedError` if the requester is closed; the reason of `outer` if that is aborted.
   */
  enter(outer?: AbortSignal): { signal: AbortSignal; release(): void } {
    if (this.#closed) throw this.#options.closedError()
    outer?.throwIfAborted()
    const controller = new AbortController()
    const unlisten = outer && onAbort(outer, () => controller.abort(outer.reason))
    this.#active.add(controller)
    const release = () => {
      this.#active.delete(controller)
      // Nothing waits for the end of a pause any more, and its timer would keep the process alive.
      if (this.#active.size === 0) this.#limiters.endPauses()
      unlisten?.()
    }
    return { signal: controller.signal, release }
  }

  /**
   * Sends a request until an answer is read, or a retry can't help. Its signal must be one that `enter` returned.
   *
   * @param read converts an answer to the result, or throws; whether its error is retryable decides about a retry
   * @throws {LeadpipeError} NETWORK, TIMEOUT, DAILY_LIMIT, or what `read` throws; the signal's reason after an
   * abort.
   */
  async run<T>(
    request: OutgoingRequest,
    read: (answer: RawAnswer) => Promise<T>,
    watcher: Watcher = {},
  ): Promise<T> {
    this.#budget.request()
    const { credentials, signal, group } = request
    const limiter = this.#limiters.of(group)
    let authorized = request
    const isReady = () => {
      const parts = credentials === undefined ? {} : credentials.authorize()
      authorized = { ...request, ...parts }
      return parts !== undefined
    }
    const attempt = async (number: number): Promise<T> => {
      let priority = number > 1 ? 1 : 0
      for (;;) {
        if (credentials !== undefined) await credentials.ready()
        const send = () => this.#attemptUnlessRefused(authorized, number, read, watcher)
        const outcome = await limiter.run(send, { signal, priority, isReady })
        if (outcome === undefined) continue
        if ('result' in outcome) return outcome.result
        announceRetry(outcome.refusal, number, 0, request, watcher)
        priority = 1
      }
    }
    try {
      return await retry(attempt, this.#retryContext(request, watcher))
    } catch (error) {
      this.#pauseAfter(error, request.group)
      throw error
    }
  }

  /**
   * Waits as the retry options say, after a failed attempt that did not go through `run`.
   *
   * @param attempt consecutive failures, from 1
   * @throws `error` itself, if a retry can't help; the signal's reason after an abort.
   */
  async backOff(error: unknown, attempt: number, request: RetriedRequest, watcher: Watcher): Promise<void> {
    await backOff(error, attempt, this.#retryContext(request, watcher))
  }

  /** Ends every request and connection at once. Safe to call again. */
  async close(): Promise<void> {
    this.#closed = true
    for (const controller of this.#active) controller.abort(this.#options.closedError())
    await this.#connections.destroy()
  }

  /** An attempt. A refusal of credentials that can be renewed is recorded before another request gets the slot. */
  async #attemptUnlessRefused<T>(
    request: OutgoingRequest,
    attempt: number,
    read: (answer: RawAnswer) => Promise<T>,
    watcher: Watcher,
  ): Promise<{ result: T } | { refusal: LeadpipeError }> {
    try {
      return { result: await this.#attempt(request, attempt, read, watcher) }
    } catch (error) {
      if (!request.credentials?.renew(error)) throw error
      return { refusal: error as LeadpipeError }
    }
  }

  async #attempt<T>(
    request: OutgoingRequest,
    attempt: number,
    read: (answer: RawAnswer) => Promise<T>,
    watcher: Watcher,
  ): Promise<T> {
    const { clock, limits } = this.#options
    const { method, url, group } = request
    const started = clock.monotonic()
    const inFlight = limits?.start(started, group)
    const end = (answer?: RawAnswer) => {
      if (inFlight !== undefined) limits?.end(inFlight, clock.monotonic(), answer)
      this.#limiters.regulate()
    }
    try {
      watcher.onRequest?.()
      const answer = await this.#connections.send(request)
      end(answer)
      const { status } = answer
      const duration = Math.round(clock.monotonic() - started)
      requestChannel.publish({ method, url, status, duration, attempt } satisfies RequestMessage)
      return await read(answer)
    } finally {
      end()
    }
  }

  /** A 429 that is not retried still holds back the other requests, for as long as it says. */
  #pauseAfter(error: unknown, group: string | undefined): void {
    if (!(error instanceof LeadpipeError) || error.code !== 'RATE_LIMIT') return
    const { retryAfter } = error.context
    const { maxDelay } = this.#options.settings.retry
    if (typeof retryAfter === 'number') this.#pause(Math.min(retryAfter, maxDelay), error, group)
  }

  #pause(milliseconds: number, error: LeadpipeError, group: string | undefined): void {
    this.#limiters.pause(milliseconds, this.#options.limits?.heldBackBy(error, group) ?? [group])
  }

  #retryContext(request: RetriedRequest, watcher: Watcher): RetryContext {
    const { settings, clock } = this.#options
    return {
      options: settings.retry,
      budget: this.#budget,
      clock,
      signal: request.signal,
      onRetry: ({ attempt, delay, error }) => {
        announceRetry(error, attempt, delay, request, watcher)
        if (error.code === 'RATE_LIMIT') this.#pause(delay, error, request.group)
      },
    }
  }
}

function announceRetry(
  { message: reason }: LeadpipeError,
  attempt: number,
  delay: number,
  { method, url }: RetriedRequest,
  watcher: Watcher,
): void {
  watcher.onRetry?.()
  retryChannel.publish({ method, url, attempt, delay, reason } satisfies RetryMessage)
}
